import type { Dispatch, HostCommand, ObservedState } from '@control-plane/contract/link';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSpec, TestHost, whyNoMachines } from '../testing/test-host.ts';
import { faultPoints } from '../testing/fault-points.ts';
import { findLeftovers, groupsOf, processesOf } from '../testing/host-leftovers.ts';

/** What is done before the command that is interrupted, and what must come of it; copies: `copy-faults-suite.ts`. */
const cases: Record<
  Exclude<HostCommand, 'inspect' | 'copy-out' | 'copy-in' | 'sync-in' | 'release-copy'>,
  { prepare: HostCommand[]; state: ObservedState }
> = {
  create: { prepare: [], state: 'running' },
  start: { prepare: ['create', 'stop'], state: 'running' },
  stop: { prepare: ['create'], state: 'stopped' },
  'force-stop': { prepare: ['create'], state: 'stopped' },
  restart: { prepare: ['create'], state: 'running' },
  pause: { prepare: ['create'], state: 'paused' },
  resume: { prepare: ['create', 'pause'], state: 'running' },
  delete: { prepare: ['create', 'snapshot'], state: 'absent' },
  update: { prepare: ['create'], state: 'running' },
  snapshot: { prepare: ['create'], state: 'running' },
  restore: { prepare: ['create', 'snapshot'], state: 'running' },
  'delete-snapshot': { prepare: ['create', 'snapshot'], state: 'running' },
};

const isCommand = (name: string): name is keyof typeof cases => name in cases;
const parameters = (command: HostCommand): Dispatch['parameters'] =>
  command === 'snapshot' || command === 'restore' || command === 'delete-snapshot'
    ? { snapshot_name: 's1' }
    : {};

const faults = Object.keys(cases)
  .filter(isCommand)
  .flatMap((command) => faultPoints(command, parameters(command)).map((point) => ({ command, ...point })));

describe.skipIf(whyNoMachines() !== undefined)(
  'a daemon killed in the middle of a command',
  () => {
    const host = new TestHost();
    beforeAll(() => host.control.listen());
    afterAll(() => host.close());

    it.each(faults)(
      '$command at $step, $moment: one outcome, nothing left over',
      async ({ command, step, moment }) => {
        const { control } = host;
        const spec = makeSpec({ ramdisk: true });
        const before = await host.startDaemon({ fault: `${command}:${step}:kill:${moment}` });
        for (const earlier of cases[command].prepare) {
          const end = await control.run(spec, earlier, { parameters: parameters(earlier) });
          expect(end).toMatchObject({ type: 'completed' });
        }
        const dispatch = control.makeDispatch(spec, command, { parameters: parameters(command) });
        control.send(dispatch);
        expect(await before.exited()).toMatchObject({ signal: 'SIGKILL' });

        const daemon = await host.startDaemon();
        control.send(dispatch);
        const end = await control.ended(dispatch.operation_id);
        expect(end).toMatchObject({
          type: 'completed',
          result: { state: cases[command].state },
        });
        expect(new Set(control.endsOf(dispatch.operation_id).map((each) => JSON.stringify(each))).size).toBe(
          1,
        );
        const found = (await daemon.machines()).find((machine) => machine.container_id === spec.container_id);
        expect(found?.state ?? 'absent').toBe(cases[command].state);
        if (cases[command].state === 'stopped') {
          expect(processesOf(spec.container_id)).toEqual([]);
          expect(groupsOf(spec.container_id)).toEqual([]);
        }
        if (cases[command].state === 'running')
          expect(await daemon.shell(spec.container_id, 'echo alive')).toBe('alive');

        await control.run(spec, 'delete', { incarnation: 2 });
        expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
        await daemon.stop();
      },
    );
  },
  240_000,
);
