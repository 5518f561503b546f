import { waitFor } from '../../../node-daemon/src/testing/wait-for.ts';

/** Waits until what counts in a machine has counted on; `count` gives how far it is. */
export async function countsOn(count: () => Promise<number>): Promise<void> {
  const before = await count();
  await waitFor('the counter to go on', async () => (await count()) > before + 2);
}
