/** The course of a rental: runs, ends, is kept for a while, is let go. Pure; times in Unix milliseconds. */

export const DAY_MS = 24 * 3_600_000;
/** How long containers still run, read-only, after their rental's end. */
export const GRACE_MS = 24 * 3_600_000;
/** When owners are told before the end, the earliest first. */
const WARNINGS_MS = [7 * DAY_MS, 3 * DAY_MS, DAY_MS];
/** No rental needs a look earlier than this before its end. */
export const FIRST_WARNING_MS = 7 * DAY_MS;

export interface Term {
  readonly startMs: number;
  readonly endMs: number;
  /** For how many days after its end the place and what is on it is kept. */
  readonly holdDays: number;
}

/** What the keeper of rentals does next with one; `warn` with the time before the end, in milliseconds. */
export type TermStep =
  | { readonly kind: 'warn'; readonly warningMs: number }
  | { readonly kind: 'expire' }
  | { readonly kind: 'release' };

/**
 * The step that is due, or null. From its end on a rental is expired: what is on the server may be looked at
 * only, and is stopped {@link GRACE_MS} later. When its hold is over it is released: the place is free for
 * somebody else.
 *
 * @param state `warnedMs`: the nearest warning that was given for this end, or null
 */
export function dueStep(
  term: Term,
  state: { readonly status: 'active' | 'expired'; readonly warnedMs: number | null },
  nowMs: number,
): TermStep | null {
  if (state.status === 'active') {
    if (nowMs >= term.endMs) return { kind: 'expire' };
    const warningMs = dueWarning(term, state.warnedMs, nowMs);
    return warningMs === null ? null : { kind: 'warn', warningMs };
  }
  // Whatever the hold, nobody loses a place before the grace is over.
  const releaseAtMs = term.endMs + Math.max(term.holdDays * DAY_MS, GRACE_MS);
  return nowMs >= releaseAtMs ? { kind: 'release' } : null;
}

/** The end of a term that is bought at `nowMs`: it is added to what is left, and after the end begins at once. */
export function extendedEnd(term: Term, days: number, nowMs: number): number {
  return Math.max(term.endMs, nowMs) + days * DAY_MS;
}

/** Whole days that are left, a begun one counted. */
export function remainingDays(term: Term, nowMs: number): number {
  return Math.max(0, Math.ceil((term.endMs - nowMs) / DAY_MS));
}

/** Whole days that have been used. */
export function usedDays(term: Term, nowMs: number): number {
  return Math.max(0, Math.floor((Math.min(nowMs, term.endMs) - term.startMs) / DAY_MS));
}

/**
 * The warning that is due now: not one that was given, or that is farther from the end than one given. A term
 * is not warned of from its very beginning.
 */
function dueWarning(term: Term, warnedMs: number | null, nowMs: number): number | null {
  const leftMs = term.endMs - nowMs;
  const lengthMs = term.endMs - term.startMs;
  const due = WARNINGS_MS.filter((warning) => leftMs <= warning && warning < lengthMs).at(-1);
  if (due === undefined || (warnedMs !== null && warnedMs <= due)) return null;
  return due;
}
