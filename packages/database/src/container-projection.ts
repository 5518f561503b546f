/**
 * The libSQL side of a ContainerObject's outbox. Every write may arrive more than once and late: each is
 * idempotent and none moves a row behind the version it already has.
 */
import type { ContainerRecord } from '@control-plane/lifecycle';
import { and, eq, inArray, isNull, lt, lte, ne, sql } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import type { Database } from './client.ts';
import {
  containerRealms,
  containers,
  events,
  projects,
  snapshots,
  statusLogs,
  uniqueHolds,
} from './schema.ts';

export interface ProjectedEvent {
  readonly id: string;
  readonly userId: string;
  readonly eventType: string;
  readonly resourceType: 'container';
  readonly resourceId: string;
  readonly payload: unknown;
  readonly realmIds: readonly string[];
  readonly createdAt: number;
}
type StatusLogInsert = typeof statusLogs.$inferInsert;
type SnapshotInsert = typeof snapshots.$inferInsert;

/** One row of the outbox: what happened. What a container is now is projected by {@link projectContainer}. */
export type ProjectionWrite =
  | { readonly kind: 'status_log'; readonly row: StatusLogInsert }
  | { readonly kind: 'event'; readonly event: ProjectedEvent }
  | { readonly kind: 'snapshot'; readonly row: SnapshotInsert }
  /** `name` null: all of the container's. */
  | { readonly kind: 'snapshot_deleted'; readonly containerId: string; readonly name: string | null }
  /**
   * Lets go of values (null: of all) that were held up to `heldBefore`; a hold taken anew after that moment
   * stays.
   */
  | {
      readonly kind: 'release_holds';
      readonly containerId: string;
      readonly values: readonly string[] | null;
      readonly heldBefore: number;
    };

/** Applies the writes in order, in one transaction. Throws when the database can't be reached. */
export async function applyProjection(database: Database, writes: readonly ProjectionWrite[]): Promise<void> {
  const statements = writes.flatMap((write) => statementsOf(database, write));
  const [first, ...rest] = statements;
  if (first === undefined) return;
  await database.batch([first, ...rest]);
}

function statementsOf(database: Database, write: ProjectionWrite): BatchItem<'sqlite'>[] {
  switch (write.kind) {
    case 'status_log':
      return [database.insert(statusLogs).values(write.row).onConflictDoNothing()];
    case 'event': {
      const { payload, realmIds, ...rest } = write.event;
      const row = { ...rest, payloadJson: JSON.stringify(payload), realmIdsJson: JSON.stringify(realmIds) };
      return [database.insert(events).values(row).onConflictDoNothing()];
    }
    case 'snapshot':
      return [
        database
          .insert(snapshots)
          .values(write.row)
          .onConflictDoUpdate({
            target: [snapshots.containerId, snapshots.name],
            set: {
              alias: write.row.alias ?? null,
              version: write.row.version,
              expiresAt: write.row.expiresAt ?? null,
            },
            setWhere: lt(snapshots.version, write.row.version),
          }),
      ];
    case 'snapshot_deleted':
      return [
        database
          .delete(snapshots)
          .where(
            and(
              eq(snapshots.containerId, write.containerId),
              write.name === null ? undefined : eq(snapshots.name, write.name),
            ),
          ),
      ];
    case 'release_holds':
      return [
        database
          .delete(uniqueHolds)
          .where(
            and(
              eq(uniqueHolds.containerId, write.containerId),
              lte(uniqueHolds.createdAt, write.heldBefore),
              write.values === null ? undefined : inArray(uniqueHolds.value, [...write.values]),
            ),
          ),
      ];
  }
}

/**
 * Writes a container's row, and its realms when `withRealms`, unless a newer version is there already.
 * `deletedAt` (Unix ms) ends its life. Throws when the database can't be reached.
 */
export async function projectContainer(
  database: Database,
  record: ContainerRecord,
  { withRealms, deletedAt }: { readonly withRealms: boolean; readonly deletedAt: number | null },
): Promise<void> {
  const row = containerRow(record, deletedAt);
  const { id } = row;
  // A row that arrives after its project is gone has nowhere to be: it must not fail for ever.
  const upsert = database.run(sql`
      INSERT INTO ${containers} (id, project_id, user_id, server_id, name, status, version, incarnation, record_json,
        is_prespawn, is_default, deleted_at, created_at, updated_at)
      SELECT ${id}, ${row.projectId}, ${row.userId}, ${row.serverId}, ${row.name}, ${row.status}, ${row.version},
        ${row.incarnation}, ${row.recordJson}, ${record.prespawn ? 1 : 0}, ${record.isDefault ? 1 : 0}, ${deletedAt},
        ${row.createdAt}, ${row.updatedAt}
      WHERE EXISTS (SELECT 1 FROM ${projects} WHERE ${projects.id} = ${row.projectId})
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status, version = excluded.version,
        incarnation = excluded.incarnation, record_json = excluded.record_json, is_prespawn = excluded.is_prespawn,
        is_default = excluded.is_default, deleted_at = excluded.deleted_at, updated_at = excluded.updated_at
      WHERE ${containers.version} < excluded.version`);
  if (!withRealms) {
    await upsert;
    return;
  }
  const isCurrent = sql`(SELECT ${containers.version} FROM ${containers} WHERE ${containers.id} = ${id}) = ${record.version}`;
  await database.batch([
    upsert,
    database.delete(containerRealms).where(and(eq(containerRealms.containerId, id), isCurrent)),
    database.run(sql`
      INSERT OR IGNORE INTO ${containerRealms} (container_id, realm_id)
      SELECT ${id}, value FROM json_each(${JSON.stringify(record.realmIds)}) WHERE ${isCurrent}`),
  ]);
}

/** The projection's row of a record. */
export function containerRow(
  record: ContainerRecord,
  deletedAt: number | null,
): typeof containers.$inferInsert {
  return {
    id: record.id,
    projectId: record.projectId,
    userId: record.userId,
    serverId: record.serverId,
    name: record.name,
    status: record.status,
    version: record.version,
    incarnation: record.incarnation,
    recordJson: JSON.stringify(record),
    isPrespawn: record.prespawn,
    isDefault: record.isDefault,
    deletedAt,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  };
}

/** Frees holds whose container was never made or is gone; `olderThan` spares what is being made right now. */
export async function sweepHolds(database: Database, olderThan: number): Promise<number> {
  const result = await database
    .delete(uniqueHolds)
    .where(
      and(
        lt(uniqueHolds.createdAt, olderThan),
        sql`NOT EXISTS (SELECT 1 FROM ${containers} WHERE ${containers.id} = ${uniqueHolds.containerId} AND ${containers.deletedAt} IS NULL)`,
      ),
    );
  return result.rowsAffected;
}

/** Containers that still have a snapshot whose time was over before `olderThan` (Unix ms). */
export async function findExpiredSnapshots(
  database: Database,
  olderThan: number,
  limit: number,
): Promise<string[]> {
  const rows = await database
    .selectDistinct({ id: snapshots.containerId })
    .from(snapshots)
    .innerJoin(containers, eq(containers.id, snapshots.containerId))
    .where(and(lt(snapshots.expiresAt, olderThan), isNull(containers.deletedAt)))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Ids of living containers that may be stuck: reserved but never made, or long in a transient status. */
export async function findSuspects(database: Database, olderThan: number, limit: number): Promise<string[]> {
  const rows = await database
    .select({ id: containers.id })
    .from(containers)
    .where(
      and(
        lt(containers.updatedAt, olderThan),
        ne(containers.status, 'deleted'),
        sql`(${containers.version} = 0 OR ${containers.status} IN ('creating', 'deleting', 'copying', 'claiming'))`,
      ),
    )
    .limit(limit);
  return rows.map(({ id }) => id);
}
