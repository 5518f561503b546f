const pattern = /^copy-[0-9a-f]{24}$/;

/** Whether a snapshot of this name is a copy point: made for copies, in no list of snapshots. */
export function isCopyPointName(name: string): boolean {
  return pattern.test(name);
}
