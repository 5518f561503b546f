const firstMs = 100;
const maxMs = 5_000;

/**
 * How long to wait before attempt number `attempt` (from 0): doubles from 100 ms up to 5 s, then is spread
 * over its upper half, so that many hosts do not come back at the same moment. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 16));
  return fullMs / 2 + (fullMs / 2) * random;
}
