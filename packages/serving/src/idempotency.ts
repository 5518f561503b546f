import { hashSecret } from '@control-plane/auth';
import { fail, ok, type ApiError, type Result } from '@control-plane/contract/errors';
import {
  claimIdempotencyKey,
  finishIdempotencyKey,
  releaseIdempotencyKey,
  type Database,
} from '@control-plane/database';
import { fromHex, toHex } from '@control-plane/signing/encoding';

const KEEP_MS = 24 * 3600 * 1000;
/** No attempt runs longer than the longest wait for a host; past it the attempt is presumed dead. */
const LEASE_MS = 15 * 60 * 1000;
const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

const encoder = new TextEncoder();

export interface IdempotentAttempt {
  /** 24 hex digits for what the request makes. */
  readonly seed: string;
  /** To be called with the finished answer: keeps it, or frees the key for another try. */
  readonly finish: (response: Response) => Promise<Response>;
}

/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same key and request replay the first
 * answer for 24 h; another request with the key is 422; while the first still runs it is 409. Answers that
 * a later try may change (409, 429, 5xx) are not kept. Only a hash of the key is stored, and the kept
 * answer is encrypted with a key derived from it, so that the table gives no secret away.
 *
 * @returns an answer to replay, or the attempt to carry out
 */
export async function beginIdempotent(
  database: Database,
  request: { key: string; scope: string; method: string; path: string; bodyText: string },
  seed: string,
  now: number,
): Promise<Result<IdempotentAttempt | Response, ApiError>> {
  if (!KEY_PATTERN.test(request.key)) {
    return fail('IDEMPOTENCY_KEY_INVALID', 'Idempotency-Key must be 1 to 255 visible ASCII characters');
  }
  const keyHash = hashSecret(`${request.scope}\n${request.key}`);
  const identity = { scope: request.scope, keyHash };
  const state = await claimIdempotencyKey(database, {
    ...identity,
    requestHash: hashSecret(`${request.method}\n${request.path}\n${request.bodyText}`),
    seed,
    now,
    leaseUntil: now + LEASE_MS,
    expiresAt: now + KEEP_MS,
  });
  switch (state.kind) {
    case 'running':
      return fail('IDEMPOTENCY_KEY_IN_USE', 'The first request with this Idempotency-Key is still running', {
        retryAfterSeconds: 1,
      });
    case 'reused':
      return fail('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request');
    case 'done': {
      const body = await decrypt(request.key, state.body);
      return ok(
        new Response(body, {
          status: state.status,
          headers: { 'content-type': 'application/json; charset=utf-8', 'idempotency-replayed': 'true' },
        }),
      );
    }
    case 'acquired':
      return ok({
        seed: state.seed,
        finish: async (response) => {
          if (response.status === 409 || response.status === 429 || response.status >= 500) {
            await releaseIdempotencyKey(database, identity);
            return response;
          }
          const body = await response.text();
          await finishIdempotencyKey(database, identity, {
            status: response.status,
            body: await encrypt(request.key, body),
          });
          return new Response(body, { status: response.status, headers: response.headers });
        },
      });
  }
}

async function answerKey(key: string): Promise<CryptoKey> {
  const bytes = await crypto.subtle.digest('SHA-256', encoder.encode(`idempotent-answer\n${key}`));
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

async function encrypt(key: string, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv },
    await answerKey(key),
    encoder.encode(text),
  );
  return toHex(iv) + toHex(new Uint8Array(sealed));
}

async function decrypt(key: string, hex: string): Promise<string> {
  const bytes = fromHex(hex);
  if (bytes === null) throw new Error('A kept answer is no hex.');
  const algorithm = { name: 'AES-GCM', iv: bytes.slice(0, 12) };
  const opened = await crypto.subtle.decrypt(algorithm, await answerKey(key), bytes.slice(12));
  return new TextDecoder().decode(opened);
}
