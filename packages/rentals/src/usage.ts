/**
 * What a container used of its server in a span of time, from its own history of statuses. Pure; times in
 * Unix milliseconds, spans half open.
 */

export interface StatusChange {
  readonly atMs: number;
  readonly status: string;
}
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}
/** Milliseconds for which a container computed, held memory, and held storage. */
export interface Usage {
  readonly computeMs: number;
  readonly memoryMs: number;
  readonly storageMs: number;
}
export const NO_USAGE: Usage = { computeMs: 0, memoryMs: 0, storageMs: 0 };

export const METERING_SPAN_MS = 3_600_000;

/**
 * What a status uses. Paused machines keep their memory, stopped ones only their disk. What has failed, or
 * is being made, moved or removed, costs nothing.
 */
const USES: Readonly<Record<string, readonly (keyof Usage)[]>> = {
  running: ['computeMs', 'memoryMs', 'storageMs'],
  paused: ['memoryMs', 'storageMs'],
  stopped: ['storageMs'],
};

/** A stretch of one status. */
export interface Stretch extends Span {
  readonly status: string;
}

/**
 * Cuts `span` into stretches of one status each: without gap or overlap from the first change before its end
 * on; before its first change a container did not exist.
 *
 * @param history changes in the order in which they happened; equal times are allowed, the later one counts.
 *   Where a clock was set back, a change counts as made when the latest one before it was.
 */
export function stretchesOf(history: readonly StatusChange[], span: Span): Stretch[] {
  const stretches: Stretch[] = [];
  let reachedMs = span.fromMs;
  for (const [index, { atMs, status }] of history.entries()) {
    reachedMs = Math.max(reachedMs, atMs);
    const toMs = Math.min(history[index + 1]?.atMs ?? span.toMs, span.toMs);
    if (reachedMs < toMs) stretches.push({ fromMs: reachedMs, toMs, status });
  }
  return stretches;
}

/** What was used in `span`. */
export function usageOf(history: readonly StatusChange[], span: Span): Usage {
  const sum = { ...NO_USAGE };
  for (const { fromMs, toMs, status } of stretchesOf(history, span)) {
    for (const kind of USES[status] ?? []) sum[kind] += toMs - fromMs;
  }
  return sum;
}

/** The sum of two usages. */
export function addUsage(left: Usage, right: Usage): Usage {
  return {
    computeMs: left.computeMs + right.computeMs,
    memoryMs: left.memoryMs + right.memoryMs,
    storageMs: left.storageMs + right.storageMs,
  };
}

/**
 * The spans by which usage is posted: whole hours of the clock within `span`, its ragged ends included, so
 * that any order of runs cuts the same pieces. At most `limit`, the oldest first.
 */
export function meteringSpans(span: Span, limit: number): Span[] {
  const spans: Span[] = [];
  for (let fromMs = span.fromMs; fromMs < span.toMs && spans.length < limit;) {
    const hourEnd = (Math.floor(fromMs / METERING_SPAN_MS) + 1) * METERING_SPAN_MS;
    const toMs = Math.min(hourEnd, span.toMs);
    spans.push({ fromMs, toMs });
    fromMs = toMs;
  }
  return spans;
}
