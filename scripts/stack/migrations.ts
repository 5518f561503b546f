/**
 * Applies `migrations/*.sql` (drizzle-kit's form) to a libSQL database, local or in production: each file in
 * one transaction together with the row that records it. A file that was changed after it was applied is
 * refused, for the database would no longer be what the files say.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@libsql/client/web';

const BREAKPOINT = '--> statement-breakpoint';
const RECORD_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  name text PRIMARY KEY NOT NULL,
  sha256 text NOT NULL,
  applied_at integer NOT NULL
)`;

interface MigrationFile {
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
}

function readMigration(folder: string, name: string): MigrationFile {
  const text = readFileSync(join(folder, name), 'utf8');
  const statements = text
    .split(BREAKPOINT)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  return { name, sha256: createHash('sha256').update(text).digest('hex'), statements };
}

/**
 * Brings the database up to date and returns the names of the files that it applied.
 *
 * @param folder holds `0000_name.sql`, `0001_name.sql`, …, applied in the order of their names
 * @param nowMs Unix milliseconds, for the record
 * @throws Error when an applied file is missing or was changed, or when a statement fails (nothing of its
 *   file is then applied)
 */
export async function applyMigrations(client: Client, folder: string, nowMs: number): Promise<string[]> {
  await client.execute(RECORD_TABLE);
  const { rows } = await client.execute('SELECT name, sha256 FROM schema_migrations');
  const applied = new Map(rows.map((row) => [String(row['name']), String(row['sha256'])]));
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
  for (const name of applied.keys()) {
    if (!names.includes(name)) throw new Error(`migration ${name} was applied but its file is gone`);
  }
  const done: string[] = [];
  for (const { name, sha256, statements } of names.map((each) => readMigration(folder, each))) {
    const known = applied.get(name);
    if (known === sha256) continue;
    if (known !== undefined) throw new Error(`migration ${name} was changed after it had been applied`);
    const record = {
      sql: 'INSERT INTO schema_migrations (name, sha256, applied_at) VALUES (?, ?, ?)',
      args: [name, sha256, nowMs],
    };
    await client.batch([...statements, record], 'write');
    done.push(name);
  }
  return done;
}
