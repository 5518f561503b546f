import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makeSigningKeys } from '../testing/copy-hosts.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';

const undoSteps = {
  'copy-in': ['start-machine', 'clone-volume', 'receive-copy', 'define-machine'],
  'sync-in': ['swap-volume', 'kill-machine', 'stage-volume'],
} as const;
const faults = (['copy-in', 'sync-in'] as const).flatMap((command) =>
  undoSteps[command].map((step) => ({ command, step })),
);

describe.skipIf(whyNoMachines() !== undefined)(
  'a daemon killed while it takes a copy back',
  () => {
    let host: CopyHost;
    beforeAll(async () => {
      host = await CopyHost.open(await makeSigningKeys());
    });
    afterEach(() => host.killDaemons());
    afterAll(() => host.close());

    it.each(faults)('$command, in the undo of $step: the undo goes on', async ({ command, step }) => {
      const [spec, copy] = [makeSpec(), makeSpec({ name: 'copy' })];
      let daemon = await host.startDaemon({ fault: `${command}:undo-${step}:kill:acted` });
      await host.control.run(spec, 'create');
      if (command === 'sync-in') {
        const first = await host.copyOut(spec);
        await host.copyIn(copy, { from: host, spec, point: first });
        await daemon.shell(copy.container_id, 'echo mine >/root/file');
      }
      await daemon.shell(spec.container_id, 'rm /bin/sh');
      const wanted = { from: host, spec, point: await host.copyOut(spec) };
      const parameters = {
        copy_point: wanted.point,
        copy_source: await host.sourceOf(wanted),
        // So that there is something to be received, from the same host too.
        ...(command === 'copy-in' ? { with_snapshots: true } : {}),
      };
      const dispatch = host.control.makeDispatch(copy, command, { incarnation: 2, parameters });
      host.control.send(dispatch);
      expect(await daemon.exited()).toMatchObject({ signal: 'SIGKILL' });
      daemon = await host.startDaemon();
      const state = command === 'copy-in' ? 'absent' : 'running';
      expect(await host.control.ended(dispatch.operation_id)).toMatchObject({
        type: 'failed',
        error: { state },
      });
      if (command === 'sync-in')
        expect(await daemon.shell(copy.container_id, 'cat /root/file; hostname')).toBe('mine\ncopy');
      else expect(findLeftovers(host.dataDir, copy.container_id)).toEqual([]);
      for (const each of [spec, copy]) {
        await host.control.run(each, 'delete', { incarnation: 3 });
        expect(findLeftovers(host.dataDir, each.container_id)).toEqual([]);
      }
      await daemon.stop();
    });
  },
  120_000,
);
