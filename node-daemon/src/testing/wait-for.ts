/** How many times slower than usual this machine may be: TEST_PATIENCE, 1 by default. An emulated one needs more. */
export const patience = Number(process.env['TEST_PATIENCE'] ?? 1);

/** Waits until `look` gives something other than undefined or false; fails after `timeoutMs`, or more on a slow machine. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs * patience;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5 * patience));
  }
}
