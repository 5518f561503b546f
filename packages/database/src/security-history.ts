import { and, count, desc, eq, gte, lt, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { SECURITY_HISTORY_RETENTION_MS } from './login-history.ts';
import { loginHistory } from './schema.ts';

export type SecurityHistoryRow = Readonly<typeof loginHistory.$inferSelect>;

export interface SecurityHistoryOptions {
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  /** Failed logins as well. */
  readonly includeFailed: boolean;
  /** Changes of the account's secrets as well. */
  readonly includeSecurity: boolean;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * One page of what happened to a user's security in the last 180 days, newest first: their successful
 * logins, and more on request.
 */
export async function listSecurityHistory(
  database: Database,
  userId: string,
  options: SecurityHistoryOptions,
): Promise<{ rows: SecurityHistoryRow[]; total: number }> {
  const { page, limit, includeFailed, includeSecurity, now } = options;
  const isLogin = eq(loginHistory.event, 'login');
  const where: SQL | undefined = and(
    eq(loginHistory.userId, userId),
    gte(loginHistory.createdAt, now - SECURITY_HISTORY_RETENTION_MS),
    includeFailed ? undefined : eq(loginHistory.succeeded, true),
    includeSecurity ? undefined : isLogin,
  );
  const [rows, totals] = await database.batch([
    database
      .select()
      .from(loginHistory)
      .where(where)
      .orderBy(desc(loginHistory.createdAt), desc(loginHistory.id))
      .limit(limit)
      .offset((page - 1) * limit),
    database.select({ total: count() }).from(loginHistory).where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** Deletes what is older than 180 days, of every user; returns how many entries. */
export async function sweepSecurityHistory(database: Database, now: number): Promise<number> {
  const result = await database
    .delete(loginHistory)
    .where(lt(loginHistory.createdAt, now - SECURITY_HISTORY_RETENTION_MS));
  return result.rowsAffected;
}
