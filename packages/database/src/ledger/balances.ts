import { eq, sql } from 'drizzle-orm';
import { prepared, type Database } from '../client.ts';
import { ledgerAccounts } from '../schema.ts';

/** What a user has, in micro-dollars. Accounts that were never posted to hold nothing. */
export interface Balances {
  readonly generalMicros: number;
  /** Kept back while a payment is disputed. */
  readonly generalHeldMicros: number;
  /** Never positive: what the user owes. */
  readonly receivableMicros: number;
  readonly aiMicros: number;
  /** Set aside for calls under way. */
  readonly aiHeldMicros: number;
  /** Ever. */
  readonly aiSpentMicros: number;
  /** When money first and last moved, Unix milliseconds; null: never. */
  readonly createdAt: number | null;
  readonly updatedAt: number | null;
}

const accountsOf = prepared((database) =>
  database
    .select()
    .from(ledgerAccounts)
    .where(eq(ledgerAccounts.userId, sql.placeholder('userId')))
    .prepare(),
);

/** All balances of a user, in one read. */
export async function readBalances(database: Database, userId: string): Promise<Balances> {
  // The house's accounts have no user.
  const rows = userId === '' ? [] : await accountsOf(database).execute({ userId });
  const balance = (kind: string): number => rows.find((row) => row.kind === kind)?.balanceMicros ?? 0;
  const times = (pick: (row: (typeof rows)[number]) => number): number[] => rows.map(pick);
  return {
    generalMicros: balance('user_general'),
    generalHeldMicros: balance('user_general_held'),
    receivableMicros: balance('user_receivable'),
    aiMicros: balance('user_ai'),
    aiHeldMicros: balance('user_ai_held'),
    aiSpentMicros: balance('user_ai_spent'),
    createdAt: rows.length === 0 ? null : Math.min(...times((row) => row.createdAt)),
    updatedAt: rows.length === 0 ? null : Math.max(...times((row) => row.updatedAt)),
  };
}
