import { ERRORS, type ApiError } from '@control-plane/contract/errors';
import { html, pageResponse } from './device-page/html.ts';

type Failure = { readonly ok: false; readonly error: ApiError };

/**
 * The answer to somebody whom a sign-in sent here: a browser that shows the answer as a page gets one that
 * a person can read, a program the error as it is.
 */
export async function readableFailure<T extends Failure | Response>(
  request: Request,
  outcome: T,
): Promise<T | Response> {
  const isPage = (request.headers.get('accept') ?? '').includes('text/html');
  if (!isPage || outcome instanceof Response) return outcome;
  const { code, message } = outcome.error;
  const view = html`<p class="alert" role="alert">${message}</p>
    <p>Go back to where you came from and try again.</p>`;
  return pageResponse(view, { status: ERRORS[code].status, title: 'Sign-in failed' });
}
