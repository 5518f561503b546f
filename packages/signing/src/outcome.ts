/** An expected failure as a value. */
export type Outcome<T, E extends string> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A success. */
export function accepted<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** An expected failure. */
export function refused<E extends string>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
