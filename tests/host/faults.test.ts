import type { Dispatch, HostCommand, ObservedState } from '@control-plane/contract/link';
import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { faultPoints, type FaultPoint } from '../../node-daemon/src/testing/fault-points.ts';
import { makeSpec, TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { hostTraces } from './support/host-traces.ts';

/** From the start of the next daemon to the recorded end of what the last one was doing. */
const CONVERGES_WITHIN_MS = 10_000;

/** The same where more wants to run than the machine has processors: everything takes that much longer there. */
function convergesWithinMs(): number {
  return CONVERGES_WITHIN_MS * Math.max(1, (os.loadavg()[0] ?? 0) / os.availableParallelism());
}

type Fault = Case & FaultPoint & { readonly name: string };

type Case = {
  readonly command: Exclude<HostCommand, 'inspect'>;
  readonly prepare: readonly ('create' | 'stop' | 'pause' | 'snapshot')[];
  readonly state: ObservedState;
  /** For the command itself and for a snapshot that is made before it. */
  readonly parameters?: Dispatch['parameters'];
};

const disk = { snapshot_name: 'held', stateful: false };
const memory = { snapshot_name: 'held', stateful: true, run_after: true };
const cases: Readonly<Record<string, Case>> = {
  create: { command: 'create', prepare: [], state: 'running' },
  start: { command: 'start', prepare: ['create', 'stop'], state: 'running' },
  stop: { command: 'stop', prepare: ['create'], state: 'stopped' },
  'force-stop': { command: 'force-stop', prepare: ['create'], state: 'stopped' },
  restart: { command: 'restart', prepare: ['create'], state: 'running' },
  pause: { command: 'pause', prepare: ['create'], state: 'paused' },
  resume: { command: 'resume', prepare: ['create', 'pause'], state: 'running' },
  update: { command: 'update', prepare: ['create'], state: 'running' },
  'snapshot of the disk': { command: 'snapshot', prepare: ['create'], state: 'running', parameters: disk },
  'snapshot with memory': { command: 'snapshot', prepare: ['create'], state: 'running', parameters: memory },
  'restore of the disk': {
    command: 'restore',
    prepare: ['create', 'snapshot'],
    state: 'running',
    parameters: disk,
  },
  'restore of memory': {
    command: 'restore',
    prepare: ['create', 'snapshot'],
    state: 'running',
    parameters: memory,
  },
  'delete of a snapshot': {
    command: 'delete-snapshot',
    prepare: ['create', 'snapshot'],
    state: 'running',
    parameters: disk,
  },
  delete: { command: 'delete', prepare: ['create', 'snapshot'], state: 'absent', parameters: disk },
};

const points = Object.entries(cases).map(([name, each]) =>
  faultPoints(each.command, each.parameters ?? {}).map((point) => ({ ...each, name, ...point })),
);

/**
 * In turns, so that neighbours are mostly of different commands: the daemon that settles what one fault left is
 * already the one that meets the next.
 */
const faults: readonly Fault[] = Array.from({
  length: Math.max(...points.map((each) => each.length)),
}).flatMap((_, round) => points.flatMap((each) => each[round] ?? []));

describe('a daemon killed in the middle of a command, on LXC', () => {
  const host = new TestHost();
  const { control } = host;
  const machines: ReturnType<typeof makeSpec>[] = [];
  let daemon: DaemonProcess;
  let isStarted = false;
  let armedWith: Fault | undefined;
  let before: Record<string, string[]>;
  let descriptorsBefore = 0;
  const startDaemon = async (fault?: Fault): Promise<void> => {
    if (isStarted && !daemon.hasExited) await daemon.kill();
    armedWith = fault;
    daemon = await host.startDaemon({
      driver: 'lxc',
      ...(fault === undefined ? {} : { fault: `${fault.command}:${fault.step}:kill:${fault.moment}` }),
    });
    isStarted = true;
  };

  beforeAll(async () => {
    await control.listen();
    await startDaemon();
    // What the first machine leaves for all others: the image as it is cloned.
    const spec = makeSpec({ image: 'busybox', ramdisk: false });
    await control.run(spec, 'create');
    await control.run(spec, 'delete', { incarnation: 2 });
    before = hostTraces(host.dataDir);
    descriptorsBefore = daemon.descriptors();
  });
  afterAll(() => host.close());

  it.each(faults.map((fault, index) => ({ fault, next: faults[index + 1], ...fault })))(
    '$name at $step, $moment: one outcome, soon',
    async ({ fault, next, command, prepare, state, parameters = {} }) => {
      if (armedWith !== fault) await startDaemon(fault);
      // A memory disk is not part of a snapshot with memory.
      const spec = makeSpec({ image: 'busybox', ramdisk: parameters.stateful !== true });
      machines.push(spec);
      for (const earlier of prepare) {
        const end = await control.run(spec, earlier, {
          parameters: earlier === 'snapshot' ? parameters : {},
        });
        expect(end).toMatchObject({ type: 'completed' });
      }
      const incarnation = command === 'restore' || command === 'delete' ? 2 : 1;
      const dispatch = control.makeDispatch(spec, command, { parameters, incarnation });
      control.send(dispatch);
      await waitFor('the fault', () => daemon.hasExited);

      const startedAt = performance.now();
      // The next fault must not strike while this one is being settled.
      await startDaemon(next?.command === command ? undefined : next);
      control.send(dispatch);
      const end = await control.ended(dispatch.operation_id);
      expect(performance.now() - startedAt).toBeLessThan(convergesWithinMs());
      expect(end).toMatchObject({ type: 'completed', result: { state } });
      const outcomes = control.endsOf(dispatch.operation_id).map((each) => JSON.stringify(each));
      expect(new Set(outcomes).size).toBe(1);
      const restoredAs = parameters.stateful === true ? 'memory' : 'cold';
      if (command === 'restore') expect(end).toMatchObject({ result: { restored_as: restoredAs } });
      if (command === 'snapshot') expect(end).toMatchObject({ result: { snapshot: { name: 'held' } } });
      if (state === 'running') expect(await daemon.shell(spec.container_id, 'echo alive')).toBe('alive');

      if (armedWith?.command === 'delete') return;
      await deleteAll();
      expect(hostTraces(host.dataDir)).toEqual(before);
    },
    60_000,
  );

  it('a daemon that settled all of it holds no more than one that has just started', async () => {
    await startDaemon();
    await deleteAll();
    expect(hostTraces(host.dataDir)).toEqual(before);
    expect(daemon.descriptors()).toBeLessThanOrEqual(descriptorsBefore + 5);
  });

  async function deleteAll(): Promise<void> {
    for (const spec of machines.splice(0)) {
      expect(await control.run(spec, 'delete', { incarnation: 3 })).toMatchObject({ type: 'completed' });
    }
  }
});
