import { readFileSync } from 'node:fs';
import os from 'node:os';
import * as z from 'zod';
import { GroupControllers } from '../../container/lxc/group-controllers.ts';

/** What a dump depends on, recorded beside it. */
export const DumpFacts = z.strictObject({
  format: z.literal(1),
  criu: z.string(),
  kernel: z.string(),
  architecture: z.string(),
  cpu_flags: z.array(z.string()),
  /** Processes that were dumped, without those that had ended already. */
  processes: z.number().int().positive(),
  /** Whether the content of a memory disk was held with it. */
  ramdisk: z.boolean().default(false),
  controllers: GroupControllers.default({}),
});
export type DumpFacts = z.infer<typeof DumpFacts>;

export type HostFeatures = Pick<DumpFacts, 'criu' | 'kernel' | 'architecture' | 'cpu_flags'>;

/** How many missing CPU features are named. */
const namedFlagsMax = 5;

/** The features of this host as a dump or a restore meets them. */
export function readHostFeatures(criuVersion: string): HostFeatures {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  return {
    criu: criuVersion,
    kernel: os.release(),
    architecture: os.machine(),
    cpu_flags: line
      .split(' ')
      .filter((flag) => flag !== '')
      .toSorted(),
  };
}

/** Why a dump can't come back on this host: it is older, or lacks what the processes may have come to rely on. */
export function compareFeatures(dumped: HostFeatures, host: HostFeatures): string[] {
  const reasons: string[] = [];
  if (dumped.architecture !== host.architecture) {
    return [`The memory is of a ${dumped.architecture} machine; this host is ${host.architecture}.`];
  }
  if (compareVersions(host.criu, dumped.criu) < 0) {
    reasons.push(`The memory was dumped by CRIU ${dumped.criu}; this host has the older ${host.criu}.`);
  }
  if (compareVersions(host.kernel, dumped.kernel) < 0) {
    reasons.push(`The memory was dumped on Linux ${dumped.kernel}; this host runs the older ${host.kernel}.`);
  }
  const missing = dumped.cpu_flags.filter((flag) => !host.cpu_flags.includes(flag));
  if (missing.length > 0) {
    const named = missing.slice(0, namedFlagsMax).join(', ');
    const more = missing.length > namedFlagsMax ? ` and ${missing.length - namedFlagsMax} more` : '';
    reasons.push(`This host’s CPU lacks features that the machine may use: ${named}${more}.`);
  }
  return reasons;
}

/** Negative when `left` is the older one. Numbers up to the first that is none: `6.12.9-cloud` is 6, 12, 9. */
function compareVersions(left: string, right: string): number {
  const [one, two] = [numbersOf(left), numbersOf(right)];
  for (let index = 0; index < Math.max(one.length, two.length); index += 1) {
    const difference = (one[index] ?? 0) - (two[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return (/^[0-9]+(?:\.[0-9]+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}
