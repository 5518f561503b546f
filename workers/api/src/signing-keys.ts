import { fail, ok, type Result } from '@control-plane/contract/errors';
import { parseSigningKeys, type SigningKeys } from '@control-plane/signing';
import type { RequestContext } from './context.ts';

type Parsed = Awaited<ReturnType<typeof parseSigningKeys>>;

let cached: { readonly text: string; readonly keys: Promise<Parsed> } | undefined;

const RETRY_SECONDS = 60;

/**
 * The installation's signing keys, imported once an isolate.
 *
 * @returns SIGNING_NOT_CONFIGURED when there are none, or none that can be read (the log says why)
 */
export async function signingKeys(
  context: Pick<RequestContext, 'env' | 'log'>,
): Promise<Result<SigningKeys>> {
  const text = context.env.SIGNING_KEYS;
  if (text === '') return notConfigured();
  if (cached?.text !== text) cached = { text, keys: parseSigningKeys(text) };
  const keys = await cached.keys;
  if (keys.ok) return ok(keys.value);
  context.log.error('the signing keys can not be read', { reason: keys.error });
  return notConfigured();
}

function notConfigured(): Result<never> {
  return fail('SIGNING_NOT_CONFIGURED', 'this installation has no signing key', {
    retryAfterSeconds: RETRY_SECONDS,
  });
}
