import type { CopySource, Dispatch, HostCommand, MachineSpec } from '@control-plane/contract/link';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makePointName, makeSigningKeys } from '../testing/copy-hosts.ts';
import { faultPoints } from '../testing/fault-points.ts';
import { findLeftovers } from '../testing/host-leftovers.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';

type CopyCommand = Extract<HostCommand, 'copy-out' | 'copy-in' | 'sync-in' | 'release-copy'>;
export type Where = 'same host' | 'other host';
const commands: readonly { command: CopyCommand; where: Where }[] = [
  { command: 'copy-out', where: 'same host' },
  { command: 'release-copy', where: 'same host' },
  { command: 'copy-in', where: 'same host' },
  { command: 'copy-in', where: 'other host' },
  { command: 'sync-in', where: 'same host' },
  { command: 'sync-in', where: 'other host' },
];
const remoteSteps = ['receive-copy', 'clone-volume', 'stage-volume', 'settle-copy', 'settle-sync'];
/** As far as it decides which steps there are: nothing is fetched from the same host. */
const sourceHere: CopySource = {
  container_id: '',
  server_id: '',
  endpoint: null,
  public_key: '',
  ticket: null,
  stateful: false,
  size_bytes: 0,
};
const faults = commands.flatMap(({ command, where }) => {
  // From another host only what is fetched and what is made of it are different.
  const points =
    where === 'same host'
      ? faultPoints(command, { copy_source: sourceHere })
      : faultPoints(command, {}, remoteSteps);
  return points.map((point) => ({ command, where, ...point }));
});

/** What the source holds afterwards: nobody released the copy points that this test made. */
function expectedPoints(command: CopyCommand, base: string, point: string): string[] {
  if (command === 'release-copy') return [];
  return [...new Set([base, point])].toSorted();
}

/** A daemon that is killed at each step of each command that has to do with copies, in one of the two places. */
export function describeCopyFaults(place: Where): void {
  describe.skipIf(whyNoMachines() !== undefined)(
    `a daemon killed in the middle of a copy, ${place}`,
    () => {
      testFaults(faults.filter(({ where }) => where === place));
    },
    240_000,
  );
}

function testFaults(chosen: typeof faults): void {
  let from: CopyHost;
  let other: CopyHost;
  beforeAll(async () => {
    const keys = await makeSigningKeys();
    [from, other] = [await CopyHost.open(keys), await CopyHost.open(keys)];
  });
  afterEach(async () => {
    for (const host of [from, other]) await host.killDaemons();
  });
  afterAll(async () => {
    await from.close();
    await other.close();
  });

  const pointsOf = (host: CopyHost, { container_id: id }: MachineSpec): string[] => {
    const directory = path.join(host.dataDir, 'snapshots', id);
    return existsSync(directory) ? readdirSync(directory).toSorted() : [];
  };

  it.each(chosen)(
    '$command on the $where at $step, $moment: one outcome, nothing left over',
    async ({ command, where, step, moment }) => {
      const host = where === 'same host' ? from : other;
      const [spec, copy] = [makeSpec(), makeSpec({ name: 'copy' })];
      const struck = await host.startDaemon({ fault: `${command}:${step}:kill:${moment}` });
      const source = host === from ? undefined : await from.startDaemon();
      await from.control.run(spec, 'create');
      const base = command === 'copy-out' ? makePointName() : await from.copyOut(spec);
      let point = base;
      if (command === 'sync-in') {
        expect(await host.copyIn(copy, { from, spec, point })).toMatchObject({ type: 'completed' });
        point = await from.copyOut(spec);
      }
      const isOfSource = command === 'copy-out' || command === 'release-copy';
      const hasBase = command === 'sync-in';
      const wanted = { from, spec, point, base: hasBase ? base : null };
      const parameters: Dispatch['parameters'] = isOfSource
        ? { copy_point: point }
        : {
            copy_point: point,
            keep_base: true,
            copy_source: await host.sourceOf(wanted),
            ...(hasBase ? { base } : {}),
          };
      const subject = isOfSource ? spec : copy;
      const incarnation = hasBase ? 2 : 1;
      const dispatch = host.control.makeDispatch(subject, command, { parameters, incarnation });
      host.control.send(dispatch);
      expect(await struck.exited()).toMatchObject({ signal: 'SIGKILL' });

      const daemon = await host.startDaemon();
      host.control.send(dispatch);
      const end = await host.control.ended(dispatch.operation_id);
      expect(end).toMatchObject({ type: 'completed', result: { state: 'running' } });
      const ends = host.control.endsOf(dispatch.operation_id).map((each) => JSON.stringify(each));
      expect(new Set(ends).size).toBe(1);
      if (command === 'copy-out') expect(end).toMatchObject({ result: { copy_point: { name: point } } });
      if (!isOfSource) expect(end).toMatchObject({ result: { restored_as: 'cold' } });
      expect(await daemon.shell(subject.container_id, 'hostname')).toBe(subject.name);
      expect(pointsOf(from, spec)).toEqual(expectedPoints(command, base, point));
      expect(pointsOf(host, copy)).toEqual(host === other ? [point] : []);

      await host.control.run(copy, 'delete', { incarnation: 3 });
      await from.control.run(spec, 'delete', { incarnation: 3 });
      expect(findLeftovers(host.dataDir, copy.container_id)).toEqual([]);
      expect(findLeftovers(from.dataDir, spec.container_id)).toEqual([]);
      await daemon.stop();
      await source?.stop();
    },
  );
}
