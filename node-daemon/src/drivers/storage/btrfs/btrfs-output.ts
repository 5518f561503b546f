import type { TreeUsage } from '../volume-trees.ts';

/** Parses `btrfs qgroup show --raw -f PATH`: the line of the tree's own group, `0/ID REFERENCED EXCLUSIVE`. */
export function parseQuotaGroup(text: string): TreeUsage | undefined {
  const match = /^\s*0\/[0-9]+\s+([0-9]+)\s+([0-9]+)/m.exec(text);
  if (match === null) return undefined;
  return { referencedBytes: Number(match[1]), exclusiveBytes: Number(match[2]) };
}

/** Parses `btrfs subvolume list`: paths from the top of the file system, in the order in which they are listed. */
export function parseNestedSubvolumes(text: string): string[] {
  return text
    .split('\n')
    .map((line) => /^ID [0-9]+ gen [0-9]+ top level [0-9]+ path (.+)$/.exec(line)?.[1])
    .filter((name) => name !== undefined);
}
