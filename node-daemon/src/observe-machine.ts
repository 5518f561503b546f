import type { ObservedState } from '@control-plane/contract/link';
import type { DriverSet } from './drivers/types.ts';

/** What a machine really is. `absent` only when neither driver has anything of it. */
export async function observeMachine(drivers: DriverSet, containerId: string): Promise<ObservedState> {
  const { state } = await drivers.container.observe(containerId);
  if (state !== 'absent' && state !== 'stopped') return state;
  if (await drivers.storage.hasVolume(containerId)) return 'stopped';
  return 'absent';
}
