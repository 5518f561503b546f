import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { openDatabase, type Database } from '@control-plane/database';
import { startDatabaseEndpoint } from '../../scripts/stack/database/endpoint.ts';
import { applyMigrations } from '../../scripts/stack/migrations.ts';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';

/** A database of its own behind the local stack's real endpoint, with all migrations applied. */
export interface EndpointDatabase {
  readonly database: Database;
  readonly url: string;
  readonly token: string;
  readonly dispose: () => Promise<void>;
}

/** Starts an endpoint on a new folder. */
export async function openEndpointDatabase(): Promise<EndpointDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'endpoint-database-'));
  const token = 'token';
  const endpoint = await startDatabaseEndpoint({ file: join(folder, 'database.sqlite'), token });
  const client = createClient({ url: endpoint.url, authToken: token });
  await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), 1);
  client.close();
  return {
    database: openDatabase(endpoint.url, token),
    url: endpoint.url,
    token,
    async dispose() {
      await endpoint.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
