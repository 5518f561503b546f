/**
 * Runs `work` for the items in their order, at most `limit` at once, and begins no more once it has said
 * `false`. What has begun is awaited.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  const waiting = items.values();
  let goesOn = true;
  const worker = async (): Promise<void> => {
    while (goesOn) {
      const next = waiting.next();
      if (next.done === true) return;
      if (!(await work(next.value))) goesOn = false;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
