import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { timed } from '../statistics.ts';
import type { Contender, MeasuredOperation } from './contender.ts';

/** Milliseconds of each round, by contender and operation; none where a contender has no such operation. */
export type Samples = ReadonlyMap<string, ReadonlyMap<MeasuredOperation, readonly number[]>>;

/** Ends once a machine has booted: what is timed afterwards is not to be disturbed by that. */
const bootedCommands: Readonly<Record<string, string>> = {
  'debian/13': 'systemctl is-system-running --wait >/dev/null 2>&1; systemctl is-active multi-user.target',
};
const bootTimeoutMs = 60_000;

/**
 * Has each contender lead a machine of `image` through its life, `rounds` times, taking turns. One round before
 * that warms all of them up and is not counted.
 */
export async function measureContenders(
  contenders: readonly Contender[],
  image: string,
  rounds: number,
): Promise<Samples> {
  const samples = new Map(contenders.map(({ name }) => [name, new Map<MeasuredOperation, number[]>()]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const durations = await liveOnce(contender, image);
      if (round === 0) continue;
      for (const [operation, duration] of durations) {
        const all = samples.get(contender.name)?.get(operation) ?? [];
        samples.get(contender.name)?.set(operation, [...all, duration]);
      }
    }
    process.stdout.write(`${image}: ${round === 0 ? 'warmed up' : `round ${round} of ${rounds}`}\n`);
  }
  return samples;
}

async function liveOnce(contender: Contender, image: string): Promise<Map<MeasuredOperation, number>> {
  const durations = new Map<MeasuredOperation, number>();
  const time = async (operation: MeasuredOperation, work: () => Promise<unknown>): Promise<void> => {
    durations.set(operation, await timed(work));
  };
  let id = '';
  let copy: string | undefined;
  await time('create + start', async () => (id = await contender.create(image)));
  await waitUntilBooted(contender, image, id);
  if (contender.execute !== undefined) await time('exec', () => contender.execute?.(id) ?? Promise.resolve());
  await time('pause', () => contender.pause(id));
  await time('resume', () => contender.resume(id));
  await time('snapshot', () => contender.snapshot(id));
  if (contender.copy !== undefined) await time('copy', async () => (copy = await contender.copy?.(id)));
  await time('kill', () => contender.kill(id));
  await time('restore', () => contender.restore(id));
  await time('start', () => contender.start(id));
  await contender.kill(id);
  await time('delete', () => contender.remove(id));
  if (copy !== undefined) await contender.remove(copy);
  return durations;
}

async function waitUntilBooted(contender: Contender, image: string, id: string): Promise<void> {
  const command = bootedCommands[image];
  if (command === undefined) return;
  await waitFor(`the boot of ${image}`, () => contender.succeeds(id, command), bootTimeoutMs);
}
