import { devicePage } from '@control-plane/contract/routes';
import { operation } from '../../../operation.ts';
import { pageResponse } from './html.ts';
import { codeView, endView } from './views.ts';

/** What a sign-in at a provider can have ended in; anything else is not ours and is not shown. */
const ERRORS: Readonly<Record<string, string>> = {
  access_denied: 'You did not confirm the sign-in. Enter the code again to try once more.',
  provider_error: 'The sign-in did not work. Enter the code again to try once more.',
  expired: 'The device waits no longer. Start again on the device.',
};

export const APPROVED = 'Approved. You can close this page: your device goes on by itself.';

/** The page that `verification_uri` leads to. */
export const showDevicePage = operation(devicePage, async ({ query }) => {
  if (query.approved === '1') return pageResponse(endView(APPROVED));
  const error = query.error ?? '';
  const message = Object.hasOwn(ERRORS, error) ? (ERRORS[error] ?? null) : null;
  return pageResponse(codeView(query.user_code ?? '', message), { withScript: true });
});
