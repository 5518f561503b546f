/**
 * `npm run ledger:audit`: recomputes every balance from its postings, and every invariant of the ledger. Exits
 * with 1 when anything differs, 2 when the books can't be read.
 *
 * The database is the one that `DATABASE_URL` (and `DATABASE_TOKEN`) name, else that of the local stack in
 * `--data-dir` (default `.data`), running or not.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@libsql/client';
import { auditLedger } from '@control-plane/database';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } });
const file = join(resolve(values['data-dir'] ?? join(REPOSITORY_ROOT, '.data')), 'database.sqlite');
const url = process.env['DATABASE_URL'] ?? `file:${file}`;
if (url.startsWith('file:') && !existsSync(url.slice('file:'.length))) {
  process.stderr.write(
    `There is no database ${url.slice('file:'.length)}; set DATABASE_URL or --data-dir.\n`,
  );
  process.exit(2);
}
const authToken = process.env['DATABASE_TOKEN'];
const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
const database = drizzle(client);
try {
  const startedAt = performance.now();
  const [counted] = await database.all<{ transactions: number; postings: number; accounts: number }>(sql`
    select (select count(*) from ledger_transactions) as transactions,
      (select count(*) from ledger_postings) as postings,
      (select count(*) from ledger_accounts) as accounts`);
  const differences = await auditLedger(database);
  for (const { what, subject, expectedMicros, foundMicros } of differences) {
    process.stdout.write(`${what}: ${subject}: expected ${expectedMicros}, found ${foundMicros}\n`);
  }
  process.stdout.write(
    `${counted?.transactions ?? 0} transactions, ${counted?.postings ?? 0} postings, ${counted?.accounts ?? 0} accounts: ` +
      `${differences.length === 0 ? 'the books are right' : `${differences.length} differences`} ` +
      `(${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`,
  );
  process.exitCode = differences.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `The books can't be read: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 2;
} finally {
  client.close();
}
