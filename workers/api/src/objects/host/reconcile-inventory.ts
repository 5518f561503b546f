import type { InventoryEntry } from '@control-plane/contract/link';
import type { HostObservation } from '../container/messages.ts';
import type { HostStore } from './host-store.ts';

interface Observer {
  observe(observation: HostObservation): Promise<void>;
  read(): Promise<{ incarnation: number } | null>;
}

/**
 * Settles every difference between what a host has and what belongs on it, at each connect.
 *
 * - A machine that nobody knows is named for quarantine: the host keeps its data and never destroys it.
 * - A known machine's state is reported to its container, which takes it if it differs.
 * - A machine that should be there and isn't is reported absent, unless a dispatch about it is under way.
 *
 * @returns the container ids to quarantine
 */
export async function reconcileInventory(
  store: HostStore,
  inventory: readonly InventoryEntry[],
  container: (containerId: string) => Observer,
): Promise<string[]> {
  const belonging = new Set(store.machines());
  const present = new Map(inventory.map((entry) => [entry.container_id, entry]));
  const quarantine = inventory
    .filter((entry) => !belonging.has(entry.container_id))
    .map((entry) => entry.container_id);

  for (const containerId of belonging) {
    if (store.hasDispatchFor(containerId)) continue;
    const entry = present.get(containerId);
    if (entry !== undefined) {
      await container(containerId).observe({
        incarnation: entry.incarnation,
        state: entry.state,
        cause: 'reconciliation',
      });
      continue;
    }
    const record = await container(containerId).read();
    if (record === null) store.forgetMachine(containerId);
    else
      await container(containerId).observe({
        incarnation: record.incarnation,
        state: 'absent',
        cause: 'reconciliation',
      });
  }
  return quarantine;
}
