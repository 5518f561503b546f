import type { DeviceTicket } from '../device-approval.ts';
import type { ProviderConfig } from '../provider-config.ts';
import { html, type SafeHtml } from './html.ts';

const PATH = '/api/v1/auth/device';

function alert(message: string | null): SafeHtml | null {
  return message === null ? null : html`<p class="alert" role="alert">${message}</p>`;
}

function secondFactorForm(tempToken: string, isHidden: boolean): SafeHtml {
  const hidden = isHidden ? html` hidden` : null;
  return html`<form id="second-factor" method="post" action="${PATH}" ${hidden}>
    <input type="hidden" name="step" value="second_factor" />
    <input type="hidden" name="temp_token" value="${tempToken}" />
    <label for="code">Code of your authenticator, or a backup code</label>
    <input id="code" name="code" required maxlength="16" autocomplete="one-time-code" inputmode="text" />
    <button>Confirm</button>
  </form>`;
}

/** Asks for the code that the device shows; `userCode` fills it in, the person still has to send it. */
export function codeView(userCode: string, message: string | null): SafeHtml {
  return html`${alert(message)}
    <form id="enter-code" method="post" action="${PATH}">
      <input type="hidden" name="step" value="code" />
      <label for="user_code">Code that your device shows</label>
      <input
        id="user_code"
        name="user_code"
        value="${userCode}"
        required
        maxlength="16"
        placeholder="XXXX-XXXX"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        autofocus
      />
      <button>Continue</button>
      <p>Enter only a code that you asked for yourself, on a device in front of you.</p>
    </form>
    ${secondFactorForm('', true)}`;
}

/** Says who asks, and offers the ways to approve. */
export function approveView(
  ticket: string,
  device: Pick<DeviceTicket['device'], 'clientName' | 'clientAddress'> | null,
  providers: readonly ProviderConfig[],
  message: string | null,
): SafeHtml {
  const facts =
    device === null
      ? null
      : html`<p>
            This signs the device in to <strong>your</strong> account. If you did not start it yourself a
            moment ago, refuse it.
          </p>
          <dl>
            <dt>Device</dt>
            <dd>${device.clientName ?? 'unnamed'}</dd>
            <dt>Address</dt>
            <dd>${device.clientAddress}</dd>
          </dl>`;
  const links = providers.map(
    ({ name, title }) =>
      html`<a class="button" href="${PATH}/authorize?ticket=${ticket}&provider=${name}"
        >Approve with ${title}</a
      >`,
  );
  return html`${alert(message)} ${facts} ${links}
    <form method="post" action="${PATH}">
      <input type="hidden" name="step" value="password" />
      <input type="hidden" name="ticket" value="${ticket}" />
      <label for="login">E-mail address or username</label>
      <input id="login" name="login" required maxlength="255" autocomplete="username" />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        required
        maxlength="128"
        autocomplete="current-password"
      />
      <button>Approve with password</button>
    </form>
    <form method="post" action="${PATH}">
      <input type="hidden" name="step" value="deny" />
      <input type="hidden" name="ticket" value="${ticket}" />
      <button class="quiet">Refuse</button>
    </form>`;
}

/** Asks for the second factor. */
export function secondFactorView(tempToken: string, message: string | null): SafeHtml {
  return html`${alert(message)} ${secondFactorForm(tempToken, false)}`;
}

/** The end: approved or refused. */
export function endView(text: string): SafeHtml {
  return html`<p role="status">${text}</p>`;
}
