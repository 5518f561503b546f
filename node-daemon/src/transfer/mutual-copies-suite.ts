import type { MachineSpec } from '@control-plane/contract/link';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makeSigningKeys } from '../testing/copy-hosts.ts';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec } from '../testing/test-host.ts';

export type MutualCopies = {
  /** What each of the two daemons is started with beside the usual. */
  readonly environments: readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>];
  readonly spec: Partial<MachineSpec>;
  /** Syncs after the first copy, in both directions at once. */
  readonly rounds: number;
  /** The name that the storage driver must have, so that the suite shows what it says. */
  readonly storage: string;
};

type Side = {
  readonly host: CopyHost;
  readonly daemon: DaemonProcess;
  /** The machine that lives here, and the copy of it on the other side. */
  readonly own: MachineSpec;
  readonly copy: MachineSpec;
};

const contentHash =
  'cd /root && find . -type f | sort | while read -r f; do sha256sum "$f"; done | sha256sum';
const changes = (round: number): string =>
  [
    `head -c ${20_000 * round} /dev/urandom >/root/${round}.data`,
    `echo round ${round} >>/root/log`,
    round > 1 ? `rm -f /root/${round - 2}.data` : ':',
  ].join('; ');

/** Two daemons, each the source and the target of the other at the same time. */
export function describeMutualCopies({ environments, spec, rounds, storage }: MutualCopies): void {
  describe(`two daemons that copy to each other at once, on ${storage}`, () => {
    let sides: readonly [Side, Side];
    beforeAll(async () => {
      const keys = await makeSigningKeys();
      const open = async (environment: Readonly<Record<string, string>>): Promise<Side> => {
        const host = await CopyHost.open(keys);
        const daemon = await host.startDaemon({ environment });
        return {
          host,
          daemon,
          own: makeSpec({ ...spec, name: 'own' }),
          copy: makeSpec({ ...spec, name: 'copy' }),
        };
      };
      // One after the other: each looks which network is still free.
      sides = [await open(environments[0]), await open(environments[1])];
    });
    afterAll(async () => {
      for (const { host } of sides) await host.close();
    });

    /** Does the same on both sides at once, each with its counterpart. */
    async function onBoth(work: (here: Side, there: Side) => Promise<unknown>): Promise<void> {
      const [one, two] = sides;
      await Promise.all([work(one, two), work(two, one)]);
    }
    const hashOf = (daemon: DaemonProcess, { container_id: id }: MachineSpec): Promise<string> =>
      daemon.shell(id, contentHash);

    it('give what they have and take what they get, again and again', async () => {
      const points = new Map<Side, string>();
      await onBoth(async (here) => {
        expect(here.host.control.ofType('hello').at(-1)?.drivers).toMatchObject({ storage });
        expect(await here.host.control.run(here.own, 'create')).toMatchObject({
          result: { state: 'running' },
        });
        await here.daemon.shell(here.own.container_id, changes(1));
      });
      await onBoth(async (here, there) => {
        const point = await here.host.copyOut(here.own);
        points.set(here, point);
        const wanted = { from: here.host, spec: here.own, point };
        expect(await there.host.copyIn(here.copy, wanted)).toMatchObject({
          type: 'completed',
          result: { state: 'running', restored_as: 'cold' },
        });
      });
      for (let round = 2; round < 2 + rounds; round += 1) {
        await onBoth(async (here, there) => {
          const { host, own } = here;
          await here.daemon.shell(own.container_id, changes(round));
          const parameters = { snapshot_name: `s${round % 2}` };
          if (round > 3) await host.control.run(own, 'delete-snapshot', { parameters });
          await host.control.run(own, 'snapshot', { parameters });
          const base = points.get(here) ?? '';
          const point = await host.copyOut(own);
          points.set(here, point);
          const wanted = { from: host, spec: own, point, base };
          const synced = await there.host.syncIn(here.copy, wanted, round);
          expect(synced).toMatchObject({ type: 'completed', result: { state: 'running' } });
          await host.control.run(own, 'release-copy', { parameters: { copy_point: base, keep_base: false } });
          await host.control.run(own, 'release-copy', { parameters: { copy_point: point, keep_base: true } });
          expect(await hashOf(there.daemon, here.copy)).toBe(await hashOf(here.daemon, own));
        });
      }
      await onBoth(async (here, there) => {
        await here.host.control.run(here.own, 'delete', { incarnation: 99 });
        await there.host.control.run(here.copy, 'delete', { incarnation: 99 });
        expect(findLeftovers(here.host.dataDir, here.own.container_id)).toEqual([]);
        expect(findLeftovers(there.host.dataDir, here.copy.container_id)).toEqual([]);
      });
    });
  });
}
