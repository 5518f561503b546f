/**
 * A million random postings by the statement and the triggers that the workers use, against a model that
 * keeps the balances in memory. In process, on the engine of the local stack, which keeps compiled
 * statements: one to two minutes of one core. LEDGER_POSTINGS sets another number.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createClient } from '@libsql/client';
import type { LedgerTransaction } from '@control-plane/ledger';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { afterAll, expect, it } from 'vitest';
import { auditLedger } from './audit.ts';
import { ledgerStatement } from './ledger-statement.ts';
import { RandomLedger } from './random-ledger.ts';

const POSTINGS = Number(process.env['LEDGER_POSTINGS'] ?? 1_000_000);
const SEED = 20_261_122;
const BATCH = 500;
/** One in so many uncovered transactions is sent, to be refused. */
const TRY_UNCOVERED = 1000;
const MIGRATIONS = join(import.meta.dirname, '../../../../migrations');

const folder = mkdtempSync(join(tmpdir(), 'million-postings-'));
const file = join(folder, 'database.sqlite');
afterAll(() => rmSync(folder, { recursive: true }));

/** Only builds statements; nothing is run by it. */
const builder = drizzle(createClient({ url: ':memory:' }));

/** Runs the workers' own statement for a transaction on an engine that keeps it compiled. */
class Books {
  readonly #engine = new DatabaseSync(file);
  readonly #compiled = new Map<string, StatementSync>();

  constructor() {
    this.#engine.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
    for (const name of readdirSync(MIGRATIONS).toSorted()) {
      if (name.endsWith('.sql')) this.#engine.exec(readFileSync(join(MIGRATIONS, name), 'utf8'));
    }
  }

  /** All of them or, when one is refused, none. */
  post(batch: readonly LedgerTransaction[]): void {
    this.#engine.exec('begin immediate');
    try {
      for (const transaction of batch) {
        const { sql: text, params } = ledgerStatement(builder, transaction).getQuery();
        const statement = this.#compiled.get(text) ?? this.#engine.prepare(text);
        this.#compiled.set(text, statement);
        statement.run(...params.map((value) => (typeof value === 'number' ? value : textOrNull(value))));
      }
      this.#engine.exec('commit');
    } catch (error) {
      this.#engine.exec('rollback');
      throw error;
    }
  }

  close(): void {
    this.#engine.close();
  }
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : String(value);
}

it('keeps every rule over a million postings', { timeout: 1_800_000 }, async () => {
  const books = new Books();
  const ledger = new RandomLedger(SEED, 200);
  let [posted, uncovered, refused] = [0, 0, 0];
  let batch: LedgerTransaction[] = [];
  while (posted < POSTINGS) {
    const transaction = ledger.next();
    if (ledger.isCovered(transaction)) {
      ledger.apply(transaction);
      batch.push(transaction);
      posted += transaction.postings.length;
    } else if ((uncovered += 1) % TRY_UNCOVERED === 0) {
      // What isn't covered takes the whole batch with it; without it the batch is posted below.
      expect(() => books.post([...batch, transaction])).toThrow(/^ledger: INSUFFICIENT_/);
      refused += 1;
    }
    if (batch.length === BATCH) {
      books.post(batch);
      batch = [];
    }
  }
  books.post(batch);
  books.close();
  expect(refused).toBeGreaterThan(0);

  const client = createClient({ url: `file:${file}` });
  const database = drizzle(client);
  const [sums] = await database.all<{ postings: number; total: number }>(
    sql`select count(*) as postings, sum(amount_micros) as total from ledger_postings`,
  );
  expect(sums).toEqual({ postings: posted, total: 0 });

  const accounts = await database.all<{ address: string; balance: number }>(
    sql`select kind || ':' || user_id as address, balance_micros as balance from ledger_accounts`,
  );
  expect(new Map(accounts.map(({ address, balance }) => [address, balance]))).toEqual(ledger.balances);

  // Not only at the end: after each single posting.
  const [ever] = await database.all<{ below: number }>(sql`
    select count(*) as below from (
      select sum(amount_micros) over (partition by account_kind, user_id order by sequence) as balance
      from ledger_postings
      where account_kind in ('user_general', 'user_general_held', 'user_ai', 'user_ai_held', 'user_ai_spent')
    ) where balance < 0`);
  expect(ever?.below).toBe(0);

  const differences = await auditLedger(database);
  client.close();
  // The stream sets AI credit aside without reservations; nothing else may differ.
  expect(differences.filter(({ what }) => !what.startsWith('reserved AI credit'))).toEqual([]);
});
