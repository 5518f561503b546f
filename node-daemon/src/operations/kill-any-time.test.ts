import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, TestHost, whyNoMachines } from '../testing/test-host.ts';

/** Delays after the dispatch at which the daemon is killed: in the middle of whatever it does then. */
const killAfterMs = [2, 10, 25, 50];

describe.skipIf(whyNoMachines() !== undefined)(
  'a daemon killed at any time',
  () => {
    const host = new TestHost();
    const { control } = host;
    beforeAll(() => control.listen());
    afterAll(() => host.close());

    it.each(killAfterMs)(
      '%i ms after create, snapshot and delete were sent: each has one outcome',
      async (delayMs) => {
        let daemon = await host.startDaemon();
        const spec = makeSpec();
        const sent = (['create', 'snapshot', 'stop', 'start'] as const).map((command) =>
          control.makeDispatch(spec, command, {
            parameters: command === 'snapshot' ? { snapshot_name: 's' } : {},
          }),
        );
        for (const dispatch of sent) {
          control.send(dispatch);
          // The delay is the disturbance under test, not a wait for anything.
          await new Promise((resolve) => setTimeout(resolve, delayMs));
          await daemon.kill();
          daemon = await host.startDaemon();
          control.send(dispatch);
          const end = await control.ended(dispatch.operation_id);
          expect({ command: dispatch.command, ...end }).toMatchObject({ type: 'completed' });
          expect(
            new Set(control.endsOf(dispatch.operation_id).map((each) => JSON.stringify(each))).size,
          ).toBe(1);
        }
        expect(await daemon.shell(spec.container_id, 'echo alive')).toBe('alive');
        const deletion = control.makeDispatch(spec, 'delete', { incarnation: 2 });
        control.send(deletion);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await daemon.kill();
        daemon = await host.startDaemon();
        control.send(deletion);
        expect(await control.ended(deletion.operation_id)).toMatchObject({
          type: 'completed',
          result: { state: 'absent' },
        });
        expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
        await daemon.kill();
      },
    );

    it.each(['undo-swap-volume', 'undo-kill-machine', 'undo-stage-volume'])(
      'in %s: the undo goes on',
      async (step) => {
        const spec = makeSpec();
        const id = spec.container_id;
        let daemon = await host.startDaemon({ fault: `restore:${step}:kill:acted` });
        const parameters = { snapshot_name: 'broken', run_after: true };
        await control.run(spec, 'create');
        await daemon.shell(id, 'cp -L /bin/sh /root/sh && rm /bin/sh');
        await control.run(spec, 'snapshot', { parameters });
        await daemon.execute(id, '/root/sh', '-c', 'cp /root/sh /bin/sh; echo good >/root/file');
        const restore = control.makeDispatch(spec, 'restore', { incarnation: 2, parameters });
        control.send(restore);
        expect(await daemon.exited()).toMatchObject({ signal: 'SIGKILL' });
        daemon = await host.startDaemon();
        expect(await control.ended(restore.operation_id)).toMatchObject({
          type: 'failed',
          error: { state: 'running' },
        });
        expect(await daemon.shell(id, 'cat /root/file')).toBe('good');
        await control.run(spec, 'delete', { incarnation: 3 });
        expect(findLeftovers(host.dataDir, id)).toEqual([]);
        await daemon.kill();
      },
    );
  },
  120_000,
);
