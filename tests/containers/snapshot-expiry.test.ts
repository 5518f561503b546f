/** Snapshots that are over are removed, on a real host, also when the moment itself was missed. */
import { openDatabase, schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, eventually } from '../support/api-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'control-plane-'));
let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets the time of a snapshot be over, as if the control plane had been away for all of it. */
function expireInObjects(objectsFolder: string, name: string): number {
  let changed = 0;
  for (const file of readdirSync(objectsFolder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.sqlite')) continue;
    const database = new DatabaseSync(join(objectsFolder, file));
    try {
      const { changes } = database
        .prepare("UPDATE snapshots SET body = json_set(body, '$.expiresAt', 1000) WHERE name = ?")
        .run(name);
      changed += Number(changes);
    } catch {
      // Not the object of a container.
    } finally {
      database.close();
    }
  }
  return changed;
}

describe('an expired snapshot', () => {
  it('is removed by the sweep, with an event that says why; the others stay', async () => {
    stack = await startStack({ dataDir: folder });
    let api = new ApiClient(stack);
    const { id } = await api.createRunning();
    const take = async (body: unknown) =>
      (await api.expect<{ snapshot: { name: string } }>(200, 'POST', `/containers/${id}/snapshots`, body))
        .body.data.snapshot.name;
    const kept = await take({ stateful: false });
    const over = await take({ stateful: false, expiry: 1 });
    const later = await take({ stateful: false, expiry: 2 });
    const objectsFolder = stack.data.objectsFolder;
    await stack.stop();
    expect(expireInObjects(objectsFolder, over)).toBe(1);

    stack = await startStack({ dataDir: folder });
    api = new ApiClient(stack);
    const database = openDatabase(stack.databaseUrl, stack.databaseToken);
    await database.update(schema.snapshots).set({ expiresAt: 1000 }).where(eq(schema.snapshots.name, over));
    await stack.runScheduled();
    const list = () =>
      api.expect<{ snapshots: { name: string }[]; snapshot_count: number }>(
        200,
        'GET',
        `/containers/${id}/snapshots`,
      );
    await eventually('the snapshot is gone', async () => {
      const names = (await list()).body.data.snapshots.map(({ name }) => name);
      return names.includes(over) ? undefined : true;
    });
    expect((await list()).body.data).toMatchObject({ snapshot_count: 2 });
    expect((await list()).body.data.snapshots.map(({ name }) => name)).toEqual([later, kept]);
    const told = await eventually('the event is written', async () => {
      const rows = await database
        .select()
        .from(schema.events)
        .where(eq(schema.events.eventType, 'container.snapshot.deleted'));
      return rows[0];
    });
    expect(JSON.parse(told.payloadJson)).toMatchObject({ snapshot: over, reason: 'expired' });

    // With the container go its snapshots: no route could name them any more.
    await api.expect(200, 'DELETE', `/containers/${id}`);
    await eventually('no row of a snapshot is left', async () =>
      (await database.select().from(schema.snapshots)).length === 0 ? true : undefined,
    );
  }, 120_000);
});
