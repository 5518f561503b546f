/** `npm run ledger:audit` as an operator runs it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '@libsql/client';
import { postTransaction } from '@control-plane/database';
import { charge, topUp } from '@control-plane/ledger';
import { drizzle } from 'drizzle-orm/libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';
import { newId } from './wallet-stage.ts';

let folder: string;
let client: Client;
const userId = 'a'.repeat(24);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-audit-'));
  client = createClient({ url: `file:${join(folder, 'database.sqlite')}` });
  const migrations = join(REPOSITORY_ROOT, 'migrations');
  for (const name of readdirSync(migrations).toSorted()) {
    if (name.endsWith('.sql')) await client.executeMultiple(readFileSync(join(migrations, name), 'utf8'));
  }
  const database = drizzle(client);
  const head = { id: newId(), userId, description: 'test', now: 1 };
  await postTransaction(database, topUp({ ...head, provider: 'bank', cents: 500 }));
  const lines = [{ to: 'revenue', cents: 200 }] as const;
  await postTransaction(database, charge({ ...head, id: newId(), type: 'rental_charge', lines }));
});
afterEach(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

function audit(dataDir = folder): Promise<{ code: number; text: string }> {
  const { DATABASE_URL: _, ...environment } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(REPOSITORY_ROOT, 'scripts/ledger-audit.ts'), '--data-dir', dataDir],
      { env: environment },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: `${stdout}${stderr}` }),
    );
  });
}

it(
  'says that the books are right, or what is wrong, or that it could not look',
  { timeout: 300_000 },
  async () => {
    const right = await audit();
    expect(right.text).toContain('2 transactions, 4 postings, 3 accounts: the books are right');
    expect(right.code).toBe(0);

    await client.execute('drop trigger ledger_accounts_move');
    await client.execute("update ledger_accounts set balance_micros = 9000000 where kind = 'user_general'");
    const wrong = await audit();
    expect(wrong.text).toMatch(
      /balance differs from its postings: user_general:a+: expected 3000000, found 9000000/,
    );
    expect(wrong.code).toBe(1);

    expect((await audit(join(folder, 'nowhere'))).code).toBe(2);
  },
);
