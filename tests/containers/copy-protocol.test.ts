/**
 * Copies between containers, with hosts that only say what they are told to: what each side dispatches, when
 * the source may let go, and what is left when something goes wrong in the middle.
 */
import { verifyTransferTicket } from '@control-plane/signing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedHost } from '../resources/scripted-host.ts';
import { eventually, type ApiClient, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { SIZE, about, dispatched, openCopyStage, type CopyStage } from './copy-stage.ts';

const REALM = 'a1'.repeat(12);
const OTHER_REALM = 'b2'.repeat(12);

let stage: CopyStage;
let api: ApiClient;
let home: ScriptedHost;
beforeAll(async () => {
  stage = await openCopyStage();
  ({ api, home } = stage);
});
afterAll(() => stage.release());

const project = () => stage.stack.bootstrap.project_id;
const copyOf: CopyStage['copyOf'] = (...args) => stage.copyOf(...args);
const settled: CopyStage['settled'] = (id) => stage.settled(id);

describe('a copy on the same server', () => {
  it('is a new container at once, runs by itself when its data is there, and leaves the source alone', async () => {
    const source = await api.createRunning({ environment_vars: { KEEP: 'me' }, comment: 'original' });
    const copy = await copyOf(source);
    expect(copy).toMatchObject({
      status: 'copying',
      source_container_id: source.id,
      server_id: source['server_id'],
      ssh_public_key: null,
      environment_vars: { KEEP: 'me' },
      copy_firewall_rules: false,
    });
    expect(copy.id).not.toBe(source.id);
    expect(copy.name).not.toBe(source.name);
    expect(await settled(copy.id)).toMatchObject({ status: 'running', last_restored_as: 'cold' });

    const [out] = about(home, source.id, 'copy-out');
    const [arrived] = about(home, copy.id, 'copy-in');
    expect(out?.incarnation).toBe(source.incarnation);
    expect(arrived?.parameters).toEqual({
      copy_point: out?.parameters.copy_point,
      stateful: false,
      keep_base: true,
      copy_source: {
        container_id: source.id,
        server_id: source['server_id'],
        endpoint: null,
        ticket: null,
        public_key: home.publicKey,
        stateful: false,
        size_bytes: SIZE,
      },
    });
    expect(await api.get(source.id)).toMatchObject({ status: 'running', incarnation: source.incarnation });
    const history = await api.history(copy.id);
    expectLegalHistory(history);
    const events = await eventually('the events are written', async () => {
      const rows = await stage.events(copy.id);
      return rows.includes('container.copied') ? rows : undefined;
    });
    expect(events.toSorted()).toEqual(['container.copied', 'container.copying', 'container.running']);
    expect(history.map(({ to_status, triggered_by }) => [to_status, triggered_by])).toEqual([
      ['copying', 'container_creation'],
      ['running', 'container_creation'],
    ]);
  });

  it('lets the source keep no more than the base of the next sync, and nothing once the copy is gone', async () => {
    const source = await api.createRunning();
    const copy = await copyOf(source);
    await settled(copy.id);
    const base = await dispatched(home, source.id, 'release-copy');
    expect(base.parameters).toMatchObject({ keep_base: true });
    await api.expect(200, 'DELETE', `/containers/${copy.id}`);
    const gone = await dispatched(home, source.id, 'release-copy', 2);
    expect(gone.parameters).toEqual({ copy_point: base.parameters.copy_point, keep_base: false });
  });

  it('a fork takes the memory along; several share one moment of the source', async () => {
    const source = await api.createRunning();
    const fork = await copyOf(source, { stateful: true, count: 3, name: 'fork' });
    const copies = fork['copies'] as Container[];
    expect(copies.map(({ name }) => name)).toEqual(['fork', 'fork-2', 'fork-3']);
    for (const { id } of copies) {
      expect(await settled(id)).toMatchObject({ status: 'running', last_restored_as: 'memory' });
    }
    expect(about(home, source.id, 'copy-out')).toHaveLength(1);
    const points = copies.map(({ id }) => about(home, id, 'copy-in')[0]?.parameters.copy_point);
    expect(new Set(points).size).toBe(1);
    const released = await dispatched(home, source.id, 'release-copy');
    expect(released.parameters.keep_base).toBe(true);
  });

  it('a snapshot is copied instead of the machine when asked for', async () => {
    const source = await api.createRunning();
    const taken = await api.expect<{ snapshot: { name: string } }>(
      200,
      'POST',
      `/containers/${source.id}/snapshots`,
      { stateful: false },
    );
    const { name } = taken.body.data.snapshot;
    await settled((await copyOf(source, { source_snapshot: name })).id);
    expect(about(home, source.id, 'copy-out')[0]?.parameters.source_snapshot).toBe(name);
    const missing = { target_project_id: project(), source_snapshot: 'snap-19990101-000000' };
    const refused = await api.expect(404, 'POST', `/containers/${source.id}/copy`, missing);
    expect(refused.body.code).toBe('SNAPSHOT_NOT_FOUND');
    const fork = { target_project_id: project(), source_snapshot: name, stateful: true };
    await api.expect(409, 'POST', `/containers/${source.id}/copy`, fork);
  });
});

describe('a copy to another server', () => {
  it('is fetched from the source by a ticket for this one transfer', async () => {
    const source = await api.createRunning();
    const copy = await copyOf(source, { target_server_id: stage.awayId });
    expect(await settled(copy.id)).toMatchObject({ status: 'running', server_name: 'node-away' });
    const { parameters } = await dispatched(stage.away, copy.id, 'copy-in');
    const from = parameters.copy_source;
    expect(from).toMatchObject({
      endpoint: { addresses: ['192.0.2.7', '198.51.100.7'], port: 9443 },
      public_key: home.publicKey,
    });
    const keys = home.ticketKeys.map(({ kid, public_key: publicHex }) => ({ kid, publicHex }));
    const verified = await verifyTransferTicket(keys, from?.ticket ?? '', {
      sourceServerId: stage.stack.bootstrap.server_id,
      peerPublicKey: stage.away.publicKey,
      nowSeconds: Math.floor(Date.now() / 1000),
    });
    expect(verified).toMatchObject({
      ok: true,
      value: {
        target_server_id: stage.awayId,
        source_container_id: source.id,
        copy_point: parameters.copy_point,
        base: null,
      },
    });
  });

  it('is refused where the source takes no connections', async () => {
    const source = await api.createRunning({ server_id: stage.awayId });
    const copy = await copyOf(source, { target_server_id: stage.stack.bootstrap.server_id });
    expect(await settled(copy.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'CAPABILITY_MISSING' },
    });
    expect(about(home, copy.id, 'copy-in')).toEqual([]);
    expect((await dispatched(stage.away, source.id, 'release-copy')).parameters.keep_base).toBe(false);
  });
});

describe('what goes wrong in the middle', () => {
  it('a host that can not bring the data in leaves a failed copy and a free source', async () => {
    const source = await api.createRunning();
    stage.failures.set('copy-in', 'TRANSFER_FAILED');
    const copy = await copyOf(source);
    expect(await settled(copy.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'COPY_TRANSFER_FAILED' },
    });
    expect((await dispatched(home, source.id, 'release-copy')).parameters.keep_base).toBe(false);
    expectLegalHistory(await api.history(copy.id));
    await api.expect(200, 'DELETE', `/containers/${copy.id}`);
  });

  it('a source that can not be held fails the copy by name; the source runs on', async () => {
    const source = await api.createRunning();
    home.ignore('copy-out');
    const copy = await copyOf(source);
    await dispatched(home, source.id, 'copy-out');
    stage.failures.set('copy-out', 'DRIVER_FAILED');
    home.answer('copy-out');
    expect(await settled(copy.id)).toMatchObject({ status: 'failed' });
    expect(about(home, copy.id, 'copy-in')).toEqual([]);
    expect(await api.get(source.id)).toMatchObject({ status: 'running', operation: null });
  });

  it('a copy that is deleted while it waits for its source is gone, and the source lets go', async () => {
    const source = await api.createRunning();
    home.ignore('copy-out');
    const copy = await copyOf(source);
    await api.expect(200, 'DELETE', `/containers/${copy.id}`);
    await api.expect(404, 'GET', `/containers/${copy.id}`);
    home.answer('copy-out');
    expect((await dispatched(home, source.id, 'release-copy')).parameters.keep_base).toBe(false);
    expect(about(home, copy.id, 'copy-in')).toEqual([]);
  });

  it('a copy that is deleted while its data arrives is gone, and what arrives late counts for nothing', async () => {
    const source = await api.createRunning();
    home.ignore('copy-in');
    const copy = await copyOf(source);
    await dispatched(home, copy.id, 'copy-in');
    const operationId = copy.operation?.id ?? '';
    await api.expect(200, 'DELETE', `/containers/${copy.id}`);
    home.answer('copy-in');
    expect(await api.outcome(operationId)).toMatchObject({ status: 'cancelled' });
    expect((await dispatched(home, source.id, 'release-copy')).parameters.keep_base).toBe(false);
    await api.expect(404, 'GET', `/containers/${copy.id}`);
  });

  it('deleting the source wins; the copy that has no data yet fails by name', async () => {
    const source = await api.createRunning();
    home.ignore('copy-out');
    const copy = await copyOf(source);
    await dispatched(home, source.id, 'copy-out');
    await api.expect(200, 'DELETE', `/containers/${source.id}`);
    home.answer('copy-out');
    expect(await settled(copy.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'SOURCE_CONTAINER_NOT_FOUND' },
    });
  });
});

describe('refusals that change nothing', () => {
  it('names, projects, servers, states and realms', async () => {
    const source = await api.createRunning({ name: 'taken', realm_ids: [REALM] });
    const before = await api.get(source.id);
    const copy = (fields: Record<string, unknown>) =>
      api.call('POST', `/containers/${source.id}/copy`, { target_project_id: project(), ...fields });
    expect(await copy({ name: 'taken' })).toMatchObject({ body: { code: 'CONTAINER_NAME_IN_USE' } });
    expect(await copy({ count: 2, name: 'taken-2' })).toMatchObject({ status: 201 });
    expect(await copy({ target_project_id: 'f'.repeat(24) })).toMatchObject({ status: 404 });
    expect(await copy({ target_server_id: 'f'.repeat(24) })).toMatchObject({ status: 404 });
    expect(await copy({ count: 0 })).toMatchObject({ status: 400 });
    expect(await copy({ count: 101 })).toMatchObject({ status: 400 });
    expect(await copy({ unknown: true })).toMatchObject({ status: 400 });
    const elsewhere = await api.expect<{ id: string }>(201, 'POST', '/projects', {
      alias: 'elsewhere',
      realm_ids: [OTHER_REALM],
    });
    expect(await copy({ target_project_id: elsewhere.body.data.id })).toMatchObject({ status: 403 });
    await eventually('the copies are done', async () =>
      (await api.get(source.id)).operation === null ? true : undefined,
    );
    expect(await api.get(source.id)).toMatchObject({ status: 'running', incarnation: before.incarnation });
  });

  it('a stopped machine has no memory to fork', async () => {
    const source = await api.createRunning();
    await api.expect(200, 'POST', `/containers/${source.id}/stop`);
    const body = { target_project_id: project(), stateful: true };
    const refused = await api.expect(409, 'POST', `/containers/${source.id}/copy`, body);
    expect(refused.body.code).toBe('OPERATION_STATE_CONFLICT');
    expect(about(home, source.id, 'copy-out')).toEqual([]);
  });

  it('the same Idempotency-Key makes one copy', async () => {
    const source = await api.createRunning();
    const body = { target_project_id: project() };
    const options = { headers: { 'idempotency-key': 'one-copy' } };
    const path = `/containers/${source.id}/copy`;
    const first = await api.expect<Container>(201, 'POST', path, body, options);
    const second = await api.expect<Container>(201, 'POST', path, body, options);
    expect(second.body.data.id).toBe(first.body.data.id);
    await settled(first.body.data.id);
    expect(about(home, source.id, 'copy-out')).toHaveLength(1);
  });
});

describe('progress', () => {
  it('is told while the operation runs, and gone afterwards', async () => {
    const source = await api.createRunning();
    home.ignore('copy-in');
    const copy = await copyOf(source);
    const dispatch = await dispatched(home, copy.id, 'copy-in');
    const operationId = copy.operation?.id ?? '';
    const shown = await eventually('the progress is shown', async () => {
      // Hosts tell it again and again; only so many words are handed on.
      home.progress(dispatch, { bytes_done: 1024, bytes_total: SIZE });
      const answer = await api.expect(200, 'GET', `/operations/${operationId}`);
      return answer.body.data['progress'] ?? undefined;
    });
    expect(shown).toMatchObject({ step: 'receive', step_index: 1, bytes_done: 1024, bytes_total: SIZE });
    home.answer('copy-in');
    expect(await api.outcome(operationId)).toMatchObject({ status: 'succeeded', progress: null });
  });
});
