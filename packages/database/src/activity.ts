import { and, count, desc, eq, gte, lt, lte, sql, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { activityLog } from './schema.ts';
import type { Scope } from './scope.ts';

export const ACTIVITY_RETENTION_DAYS = 90;
const DAY_MS = 86_400_000;
/** Rows that one sweep deletes at most, so that no run is long. */
const SWEEP_ROWS_MAX = 20_000;

export type ActivityRow = Readonly<typeof activityLog.$inferSelect>;

/** Writes a batch of entries in one statement; an id that is there already stays as it is. */
export async function insertActivity(database: Database, entries: readonly ActivityRow[]): Promise<void> {
  await database.run(sql`
    insert into ${activityLog}
      (id, user_id, realm_id, method, path, status_code, client_address, user_agent, created_at)
    select value ->> 'id', value ->> 'userId', value ->> 'realmId', value ->> 'method', value ->> 'path',
      value ->> 'statusCode', value ->> 'clientAddress', value ->> 'userAgent', value ->> 'createdAt'
    from json_each(${JSON.stringify(entries)}) where 1
    on conflict (id) do nothing`);
}

/** What of the log is wanted; times in Unix milliseconds, bounds included, null: no bound. */
export interface ActivityOptions {
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly statusMin: number | null;
  readonly statusMax: number | null;
  readonly method: string | null;
  readonly realmId: string | null;
}

/** The user's own entries; on a realm's host those that were made there. */
function visible(scope: Scope): SQL | undefined {
  return and(
    eq(activityLog.userId, scope.userId),
    scope.realmId === null ? undefined : eq(activityLog.realmId, scope.realmId),
  );
}

/** One page of the caller's log, newest first, and how many entries there are in all. */
export async function listActivity(
  database: Database,
  scope: Scope,
  options: ActivityOptions,
): Promise<{ rows: ActivityRow[]; total: number }> {
  const { page, limit, from, to, statusMin, statusMax, method, realmId } = options;
  const where = and(
    visible(scope),
    from === null ? undefined : gte(activityLog.createdAt, from),
    to === null ? undefined : lte(activityLog.createdAt, to),
    statusMin === null ? undefined : gte(activityLog.statusCode, statusMin),
    statusMax === null ? undefined : lte(activityLog.statusCode, statusMax),
    method === null ? undefined : eq(activityLog.method, method),
    realmId === null ? undefined : eq(activityLog.realmId, realmId),
  );
  const [rows, totals] = await database.batch([
    database
      .select()
      .from(activityLog)
      .where(where)
      .orderBy(desc(activityLog.createdAt), desc(activityLog.id))
      .limit(limit)
      .offset((page - 1) * limit),
    database.select({ total: count() }).from(activityLog).where(where),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** Figures of the caller's log. `sizeBytes`: of what the entries hold, as UTF-8. */
export interface ActivityStats {
  readonly records: number;
  readonly sizeBytes: number;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
}

/** Reads {@link ActivityStats} of the caller. */
export async function readActivityStats(database: Database, scope: Scope): Promise<ActivityStats> {
  const [row] = await database
    .select({
      records: count(),
      sizeBytes: sql<number>`coalesce(sum(length(cast(
        id || user_id || coalesce(realm_id, '') || method || path || client_address || coalesce(user_agent, '')
        as blob)) + 16), 0)`,
      oldestAt: sql<number | null>`min(created_at)`,
      newestAt: sql<number | null>`max(created_at)`,
    })
    .from(activityLog)
    .where(visible(scope));
  return row ?? { records: 0, sizeBytes: 0, oldestAt: null, newestAt: null };
}

/** Deletes entries older than {@link ACTIVITY_RETENTION_DAYS}, a bounded number a run; returns how many. */
export async function sweepActivity(database: Database, now: number): Promise<number> {
  const result = await database.run(sql`
    delete from ${activityLog} where id in (
      select id from ${activityLog} where ${lt(activityLog.createdAt, now - ACTIVITY_RETENTION_DAYS * DAY_MS)}
      limit ${SWEEP_ROWS_MAX})`);
  return result.rowsAffected;
}
