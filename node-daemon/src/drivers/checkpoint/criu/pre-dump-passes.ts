const mebibyte = 1024 * 1024;
/** Below this a dump of the whole is as fast as a look at what changed. */
const residentBytesMin = 32 * mebibyte;
/** A first pass that wrote less was so short that little can have changed meanwhile. */
const firstPassBytesMin = 64 * mebibyte;
/** A pass that wrote more than this share of the one before has met memory that changes faster than it is written. */
const shrinksTo = 0.5;

/** How many passes a machine with so much memory of its own gets at most: 0, 1 or 2. */
export function passesMax(residentBytes: number): number {
  if (residentBytes < residentBytesMin) return 0;
  return residentBytes < firstPassBytesMin ? 1 : 2;
}

/** Whether one more pass follows those that wrote `passes` bytes each. */
export function wantsPass(residentBytes: number, passes: readonly number[]): boolean {
  if (passes.length >= passesMax(residentBytes)) return false;
  const [first] = passes;
  return first === undefined || first >= firstPassBytesMin;
}

/** Whether the last pass shrank. Where it did not, the passes would only make the snapshot larger. */
export function isWorthKeeping(passes: readonly number[]): boolean {
  const [last, before] = passes.toReversed();
  return last !== undefined && (before === undefined || last <= before * shrinksTo);
}
