import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { timed } from '../statistics.ts';
import type { Contender, MeasuredOperation, StepTiming } from './contender.ts';

/** Milliseconds of each round, by contender and operation; none where a contender has no such operation. */
export type Samples = ReadonlyMap<string, ReadonlyMap<MeasuredOperation, readonly number[]>>;

/** Milliseconds of each step in each round, by operation and step, of the contender that tells them. */
export type StepSamples = ReadonlyMap<MeasuredOperation, ReadonlyMap<string, readonly number[]>>;

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
): Promise<{ samples: Samples; steps: StepSamples }> {
  const steps = new Map<MeasuredOperation, Map<string, number[]>>();
  const samples = new Map(contenders.map(({ name }) => [name, new Map<MeasuredOperation, number[]>()]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const { durations, told } = await liveOnce(contender, image);
      if (round === 0) continue;
      for (const [operation, timings] of told) addSteps(steps, operation, timings);
      for (const [operation, duration] of durations) {
        const all = samples.get(contender.name)?.get(operation) ?? [];
        samples.get(contender.name)?.set(operation, [...all, duration]);
      }
    }
    process.stdout.write(`${image}: ${round === 0 ? 'warmed up' : `round ${round} of ${rounds}`}\n`);
  }
  return { samples, steps };
}

function addSteps(
  steps: Map<MeasuredOperation, Map<string, number[]>>,
  operation: MeasuredOperation,
  timings: readonly StepTiming[],
): void {
  const known = steps.get(operation) ?? new Map<string, number[]>();
  steps.set(operation, known);
  for (const { name, durationMs } of timings) known.set(name, [...(known.get(name) ?? []), durationMs]);
}

type Life = {
  readonly durations: ReadonlyMap<MeasuredOperation, number>;
  readonly told: ReadonlyMap<MeasuredOperation, readonly StepTiming[]>;
};

async function liveOnce(contender: Contender, image: string): Promise<Life> {
  const durations = new Map<MeasuredOperation, number>();
  const told = new Map<MeasuredOperation, readonly StepTiming[]>();
  const time = async (operation: MeasuredOperation, work: () => Promise<unknown>): Promise<void> => {
    contender.takeSteps?.();
    durations.set(operation, await timed(work));
    told.set(operation, contender.takeSteps?.() ?? []);
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
  return { durations, told };
}

async function waitUntilBooted(contender: Contender, image: string, id: string): Promise<void> {
  const command = bootedCommands[image];
  if (command === undefined) return;
  await waitFor(`the boot of ${image}`, () => contender.succeeds(id, command), bootTimeoutMs);
}
