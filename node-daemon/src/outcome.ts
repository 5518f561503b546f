import type { HostErrorCode } from '@control-plane/contract/link';

/** An expected failure of a host operation. `message` reaches the client: no host paths, at most 500 characters. */
export type HostFailure = { readonly code: HostErrorCode; readonly message: string };

/** Result of anything on the host that may fail in an expected way. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: HostFailure };

/** A successful outcome that carries `value`. */
export function succeed<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** The successful outcome of something that has no value to give. */
export const done: Outcome<undefined> = { ok: true, value: undefined };

/** A failed outcome; the message is cut to what the link protocol allows. */
export function fail(code: HostErrorCode, message: string): { ok: false; failure: HostFailure } {
  return { ok: false, failure: { code, message: message.slice(0, 500) } };
}

/** Text of anything thrown, for logs. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error such as `ENOENT`; undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
