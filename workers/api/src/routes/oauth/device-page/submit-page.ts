import { ERRORS, type ApiError } from '@control-plane/contract/errors';
import { devicePageStep } from '@control-plane/contract/routes';
import type { RequestContext } from '../../../context.ts';
import { operation } from '../../../operation.ts';
import { requireSameOrigin } from '../browser-binding.ts';
import {
  approveWithPassword,
  approveWithSecondFactor,
  denyDevice,
  openDeviceTicket,
} from '../device-approval.ts';
import { providerConfig } from '../provider-config.ts';
import { publicOrigin } from '../public-origin.ts';
import { pageResponse, type SafeHtml } from './html.ts';
import { APPROVED } from './show-page.ts';
import { approveView, codeView, endView, secondFactorView } from './views.ts';

function refused(view: SafeHtml, error: ApiError): Promise<Response> {
  return pageResponse(view, { status: ERRORS[error.code].status });
}

function providersOf({ env }: RequestContext) {
  return (['github', 'google'] as const)
    .map((name) => providerConfig(env, name))
    .filter((config) => config !== null);
}

async function submitCode(context: RequestContext, typed: string): Promise<Response> {
  const opened = await openDeviceTicket(context, typed);
  if (!opened.ok) return refused(codeView(typed.slice(0, 16), opened.error.message), opened.error);
  const { ticket, device, cookie } = opened.value;
  return pageResponse(approveView(ticket, device, providersOf(context), null), { cookie });
}

async function submitPassword(
  context: RequestContext,
  ticket: string,
  login: string,
  password: string,
): Promise<Response> {
  const name = login.includes('@') ? { email: login } : { username: login };
  const outcome = await approveWithPassword(context, ticket, name, password);
  if (!outcome.ok) {
    const { code, message } = outcome.error;
    const isOver = code === 'RESOURCE_NOT_FOUND' || code === 'MISSING_TOKEN';
    const view = isOver ? codeView('', message) : approveView(ticket, null, providersOf(context), message);
    return refused(view, outcome.error);
  }
  if ('temp_token' in outcome.value) return pageResponse(secondFactorView(outcome.value.temp_token, null));
  return pageResponse(endView(APPROVED));
}

/** Ends the approval with the second factor. A temp token of a sign-in without a device is worth nothing here. */
async function submitSecondFactor(
  context: RequestContext,
  tempToken: string,
  code: string,
): Promise<Response> {
  const outcome = await approveWithSecondFactor(context, tempToken, code);
  if (outcome.ok) return pageResponse(endView(APPROVED));
  const { error } = outcome;
  const isWrong = error.code === 'INVALID_CREDENTIALS' || error.code === 'RATE_LIMIT_EXCEEDED';
  return refused(isWrong ? secondFactorView(tempToken, error.message) : codeView('', error.message), error);
}

async function submitDeny(context: RequestContext, ticket: string): Promise<Response> {
  const denied = await denyDevice(context, ticket);
  return denied.ok
    ? pageResponse(endView('Refused. The device gets nothing.'))
    : refused(codeView('', denied.error.message), denied.error);
}

/** A form of the device page, sent by the page itself: the page works without scripts. */
export const submitDevicePage = operation(devicePageStep, async ({ body }, context) => {
  const own = requireSameOrigin(context.request, publicOrigin(context.env, context.request));
  if (!own.ok) return own;
  switch (body.step) {
    case 'code':
      return submitCode(context, body.user_code ?? '');
    case 'password':
      return submitPassword(context, body.ticket ?? '', body.login ?? '', body.password ?? '');
    case 'second_factor':
      return submitSecondFactor(context, body.temp_token ?? '', body.code ?? '');
    case 'deny':
      return submitDeny(context, body.ticket ?? '');
  }
});
