/** Syncs of copies with their sources, with hosts that only say what they are told to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedHost } from '../resources/scripted-host.ts';
import { eventually, type ApiClient, type Container } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { about, dispatched, openCopyStage, type CopyStage } from './copy-stage.ts';

let stage: CopyStage;
let api: ApiClient;
let home: ScriptedHost;
beforeAll(async () => {
  stage = await openCopyStage();
  ({ api, home } = stage);
});
afterAll(() => stage.release());

describe('a sync', () => {
  async function copied(): Promise<{ source: Container; copy: Container }> {
    const source = await api.createRunning();
    const copy = await stage.settled((await stage.copyOf(source)).id);
    await dispatched(home, source.id, 'release-copy');
    return { source, copy };
  }
  const sync = (id: string, body?: unknown) => api.call('POST', `/containers/${id}/sync`, body);

  it('sends only what changed since the base, and makes its own point the next base', async () => {
    const { source, copy } = await copied();
    const first = about(home, copy.id, 'copy-in')[0]?.parameters.copy_point;
    const answer = await sync(copy.id);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        data: { container_id: copy.id, source_container_id: source.id, status: 'copying' },
      },
    });
    expect(await stage.settled(copy.id)).toMatchObject({
      status: 'running',
      incarnation: copy.incarnation + 1,
    });
    const [synced] = about(home, copy.id, 'sync-in');
    expect(synced).toMatchObject({ incarnation: copy.incarnation + 1, parameters: { base: first } });
    const second = synced?.parameters.copy_point;
    expect(second).not.toBe(first);
    await eventually('the source keeps the new base and lets the old one go', async () => {
      const told = about(home, source.id, 'release-copy').map(({ parameters }) => parameters);
      const kept = told.some((each) => each.copy_point === second && each.keep_base === true);
      const gone = told.some((each) => each.copy_point === first && each.keep_base === false);
      return kept && gone ? true : undefined;
    });
    await sync(copy.id);
    await stage.settled(copy.id);
    expect(about(home, copy.id, 'sync-in')[1]?.parameters.base).toBe(second);
    expectLegalHistory(await api.history(copy.id));
  });

  it('is refused for what is no copy, for what is paused, and while something else runs', async () => {
    const { source, copy } = await copied();
    expect(await sync(source.id)).toMatchObject({ status: 409, body: { code: 'CONTAINER_NOT_COPIED' } });
    await api.expect(200, 'POST', `/containers/${copy.id}/pause`);
    expect(await sync(copy.id)).toMatchObject({ status: 409, body: { code: 'OPERATION_STATE_CONFLICT' } });
    home.ignore('resume');
    const waiting = api.call('POST', `/containers/${copy.id}/resume`);
    await dispatched(home, copy.id, 'resume');
    expect((await sync(copy.id)).status).toBe(409);
    home.answer('resume');
    await waiting;
    expect(about(home, copy.id, 'sync-in')).toEqual([]);
  });

  it('names a base that is gone, and sends all when told to', async () => {
    const { copy } = await copied();
    stage.failures.set('sync-in', 'SYNC_BASE_GONE');
    const begun = await api.expect<{ id: string }>(202, 'POST', `/containers/${copy.id}/sync`, undefined, {
      headers: { prefer: 'respond-async' },
    });
    expect(await api.outcome(begun.body.data.id)).toMatchObject({
      status: 'failed',
      error: { code: 'SYNC_BASE_GONE' },
    });
    expect(await api.get(copy.id)).toMatchObject({ status: 'running' });
    expect(await sync(copy.id)).toMatchObject({
      status: 409,
      body: { code: 'SYNC_BASE_GONE', data: { full: true } },
    });
    expect((await sync(copy.id, { full: true })).status).toBe(200);
    expect(await stage.settled(copy.id)).toMatchObject({ status: 'running' });
    expect(about(home, copy.id, 'sync-in').at(-1)?.parameters.base).toBeUndefined();
    expect((await sync(copy.id)).status).toBe(200);
    await stage.settled(copy.id);
  });

  it('of a copy whose source is gone says so', async () => {
    const { source, copy } = await copied();
    await api.expect(200, 'DELETE', `/containers/${source.id}`);
    expect(await sync(copy.id)).toMatchObject({ status: 404, body: { code: 'SOURCE_CONTAINER_NOT_FOUND' } });
  });
});
