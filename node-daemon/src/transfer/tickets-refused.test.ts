import type { CopySource } from '@control-plane/contract/link';
import type { TransferTicket } from '@control-plane/signing';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CopyHost, makePointName, makeSigningKeys, type WantedTransfer } from '../testing/copy-hosts.ts';
import { makeSpec, whyNoMachines } from '../testing/test-host.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'a transfer without a proper ticket',
  () => {
    let from: CopyHost;
    let to: CopyHost;
    let wanted: WantedTransfer;
    const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

    beforeAll(async () => {
      const keys = await makeSigningKeys();
      [from, to] = [await CopyHost.open(keys), await CopyHost.open(keys)];
      await Promise.all([from.startDaemon(), to.startDaemon()]);
      const spec = makeSpec();
      await from.control.run(spec, 'create');
      await from.control.run(spec, 'stop');
      wanted = { from, spec, point: await from.copyOut(spec) };
    });
    afterAll(async () => {
      await from.close();
      await to.close();
    });

    async function copyWith(source: Partial<CopySource>, point = wanted.point): Promise<unknown> {
      const target = makeSpec();
      const copy_source = await to.sourceOf(wanted, source);
      const ended = await to.control.run(target, 'copy-in', {
        parameters: { copy_point: point, copy_source },
      });
      for (const kind of ['volumes', 'snapshots', 'machines'])
        expect(readdirSync(path.join(to.dataDir, kind))).toEqual([]);
      if (ended.type !== 'failed') return ended.type;
      expect(ended.error.state).toBe('absent');
      return `${ended.error.code}: ${ended.error.message}`;
    }
    const copyWithTicket = async (overrides: Partial<TransferTicket>): Promise<unknown> =>
      copyWith({ ticket: await to.ticket(wanted, overrides) });

    it('forged: signed by a key that is not the control plane’s', async () => {
      const ticket = await to.ticket(wanted, {}, await makeSigningKeys());
      expect(await copyWith({ ticket })).toBe(
        'TICKET_REFUSED: The ticket is signed by nobody that this host knows.',
      );
    });

    it('altered: of a signature that is for something else', async () => {
      const [good, other] = [await to.ticket(wanted), await to.ticket(wanted, { with_snapshots: true })];
      const ticket = `${other.split('.')[0]}.${good.split('.')[1]}`;
      expect(await copyWith({ ticket })).toBe('TICKET_REFUSED: The ticket was altered.');
      expect(await copyWith({ ticket: 'none' })).toBe('TICKET_REFUSED: The ticket is none.');
      expect(await copyWith({ ticket: null })).toMatch(/^TICKET_REFUSED: There is no ticket/);
    });

    it('expired, or by a clock that is far off', async () => {
      expect(await copyWithTicket({ expires_at: seconds(-120) })).toBe(
        'TICKET_REFUSED: The ticket has expired, or this host’s clock is fast.',
      );
      expect(await copyWithTicket({ expires_at: seconds(3600) })).toBe(
        'TICKET_REFUSED: The ticket is valid for too long, or this host’s clock is slow.',
      );
    });

    it('foreign: of another host’s key, for another source, for another machine or copy point', async () => {
      const foreign = { target_public_key: randomBytes(32).toString('hex') };
      expect(await copyWithTicket(foreign)).toBe('TICKET_REFUSED: The ticket was given to another host.');
      expect(await copyWithTicket({ source_server_id: to.control.serverId })).toBe(
        'TICKET_REFUSED: The ticket is for another source.',
      );
      const other = { source_container_id: makeSpec().container_id };
      expect(await copyWithTicket(other)).toBe('TICKET_REFUSED: The ticket is for something else.');
      expect(await copyWithTicket({ copy_point: makePointName() })).toBe(
        'TICKET_REFUSED: The ticket is for something else.',
      );
    });

    it('for a machine or a copy point that is not there, or a base that is gone', async () => {
      const spec = makeSpec();
      const elsewhere = { container_id: spec.container_id, ticket: await to.ticket({ ...wanted, spec }) };
      expect(await copyWith(elsewhere)).toMatch(/^COPY_POINT_NOT_FOUND: /);
      const point = makePointName();
      expect(await copyWith({ ticket: await to.ticket({ ...wanted, point }) }, point)).toMatch(
        /^COPY_POINT_NOT_FOUND: /,
      );
      const base = makePointName();
      expect(await copyWithTicket({ base })).toMatch(/^SYNC_BASE_GONE: /);
    });

    it('at a source that has another key than the control plane said, or that there is not room for', async () => {
      expect(await copyWith({ public_key: randomBytes(32).toString('hex') })).toBe(
        'SOURCE_UNREACHABLE: At the source’s address is a host with another key.',
      );
      expect(await copyWith({ size_bytes: Number.MAX_SAFE_INTEGER })).toMatch(/^CAPACITY_EXCEEDED: /);
    });

    it('replayed: after it was used, by the same host too', async () => {
      const target = makeSpec();
      const ticket = await to.ticket(wanted);
      const copy_source = await to.sourceOf(wanted, { ticket });
      const parameters = { copy_point: wanted.point, copy_source, run_after: false };
      expect(await to.control.run(target, 'copy-in', { parameters })).toMatchObject({
        type: 'completed',
        result: { state: 'stopped', restored_as: 'filesystem' },
      });
      await to.control.run(target, 'delete', { incarnation: 2 });
      expect(await copyWith({ ticket })).toBe('TICKET_REFUSED: The ticket has been used.');
    });
  },
  240_000,
);
