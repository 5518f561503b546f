import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import type { Database } from './client.ts';

/** A database of its own for one test file, with all migrations applied, on libSQL's own engine. */
export interface TemporaryDatabase {
  readonly database: Database;
  /** Closes it and removes its files. */
  readonly dispose: () => void;
}

const MIGRATIONS = join(fileURLToPath(import.meta.url), '../../../../migrations');

/** Opens a database in a new folder of the system's temporary directory. For tests only. */
export async function openTemporaryDatabase(): Promise<TemporaryDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-database-'));
  const client = createClient({ url: `file:${join(folder, 'database.sqlite')}` });
  for (const file of readdirSync(MIGRATIONS).toSorted()) {
    if (file.endsWith('.sql')) await client.executeMultiple(readFileSync(join(MIGRATIONS, file), 'utf8'));
  }
  return {
    database: drizzle(client),
    dispose: () => {
      client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
