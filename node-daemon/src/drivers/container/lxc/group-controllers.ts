import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { listGroups } from '../cgroups/detect.ts';

/**
 * Which controllers a machine has turned on for the groups below each of its groups (`cgroup.subtree_control` of version
 * 2). By path from its own group, which is the empty one; groups that have none are left out.
 */
export const GroupControllers = z.record(z.string(), z.array(z.string().regex(/^[a-z0-9_]+$/)));
export type GroupControllers = z.infer<typeof GroupControllers>;

/** Reads them from the machine's own group in version 2's hierarchy and all below it. */
export function readControllers(own: string): GroupControllers {
  const found = groupsBelow(own).map((group): [string, string[]] => {
    const file = controlFile(own, group);
    // On a host whose groups are of version 1 a machine need not have one of version 2.
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    return [group, text === '' ? [] : text.split(' ')];
  });
  return Object.fromEntries(found.filter(([, controllers]) => controllers.length > 0));
}

/** Turns them on in groups that exist. What the kernel does not take stays off, and shows when it is missed. */
export function turnControllersOn(own: string, wanted: GroupControllers): void {
  for (const group of groupsBelow(own)) {
    // Whatever the machine has called its group.
    for (const controller of Object.hasOwn(wanted, group) ? (wanted[group] ?? []) : []) {
      try {
        writeFileSync(controlFile(own, group), `+${controller}`);
      } catch {
        // Not offered by this host, or there are processes in the group itself.
      }
    }
  }
}

function controlFile(own: string, group: string): string {
  return path.join(own, group, 'cgroup.subtree_control');
}

/** The group itself and all below it, parents first, by their paths from it. */
function groupsBelow(own: string, group = ''): string[] {
  const names = listGroups(path.join(own, group));
  return [group, ...names.flatMap((name) => groupsBelow(own, path.join(group, name)))];
}
