import { sshKeyIdentity, type ContainerRecord } from '@control-plane/lifecycle';
import { and, asc, count, desc, eq, exists, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import { containerRow } from './container-projection.ts';
import { prepared, type Database } from './client.ts';
import { projectCarries, projectReachable, projectVisible, realmFilter } from './project-scope.ts';
import { containerRealms, containers, projects, serverGrants, servers, uniqueHolds } from './schema.ts';
import type { AccessLevel, Scope, ScopeTerms } from './scope.ts';

/** A container with what other tables know of it. */
export interface ContainerListing {
  /** As of its last projection; the object has the latest. */
  readonly record: ContainerRecord;
  /** null: the project itself is hidden by the realm. */
  readonly projectAlias: string | null;
  readonly server: ServerSummary | null;
  /** When the rental that paid for its server ended. */
  readonly serverExpiredAt: number | null;
  /** Since when its usage could not be paid: it can't be started. */
  readonly serverSuspendedAt: number | null;
  /** When the rental that pays for its server will end, or has ended; null: it has none. */
  readonly rentalEndsAt: number | null;
}

export interface ServerSummary {
  readonly name: string;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly datacenter: string | null;
  readonly factsJson: string | null;
  readonly maxSnapshotsPerContainer: number;
}

export interface ContainerListOptions {
  readonly projectId: string | null;
  readonly realmId: string | null;
  /** 1-based. */
  readonly page: number;
  readonly limit: number;
  readonly sortBy: 'id' | 'name' | 'status' | 'created_at' | 'updated_at';
  readonly sortOrder: 'asc' | 'desc';
  readonly includePrespawn: boolean;
  readonly includeExpired: boolean;
  readonly includeDeleting: boolean;
}

const SORT_COLUMNS = {
  id: containers.id,
  name: containers.name,
  status: containers.status,
  created_at: containers.createdAt,
  updated_at: containers.updatedAt,
} as const;

/**
 * The condition under which a container exists for the caller: in a project of theirs (or shared with them
 * at `access` or above) and, when a realm is active, carrying it. A container's realms are its own: those
 * of its project don't matter here.
 */
function containerVisible(database: Database, scope: ScopeTerms, access: AccessLevel): SQL | undefined {
  return and(
    isNull(containers.deletedAt),
    projectVisible(database, { ...scope, realmId: null }, access),
    scope.realmId === null ? undefined : containerCarries(database, scope.realmId),
  );
}

function containerCarries(database: Database, realmId: NonNullable<ScopeTerms['realmId']>): SQL {
  return exists(
    database
      .select({ one: sql`1` })
      .from(containerRealms)
      .where(and(eq(containerRealms.containerId, containers.id), eq(containerRealms.realmId, realmId))),
  );
}

/** What is past its rental's end is expired from that very moment, whether anybody has noted it yet or not. */
const serverExpiredAt = sql<
  number | null
>`coalesce(${containers.serverExpiredAt}, case when ${serverGrants.expiresAt} <= unixepoch('subsec') * 1000 then ${serverGrants.expiresAt} end)`;

/** The grant by which a container's owner uses its server. */
const ownersGrant = and(
  eq(serverGrants.serverId, containers.serverId),
  eq(serverGrants.userId, containers.userId),
);

function selectListings(database: Database, realmId: ScopeTerms['realmId']) {
  return database
    .select({
      recordJson: containers.recordJson,
      projectAlias:
        realmId === null
          ? sql<string | null>`${projects.alias}`
          : sql<string | null>`case when ${projectCarries(database, realmId)} then ${projects.alias} end`,
      serverExpiredAt,
      serverSuspendedAt: serverGrants.suspendedAt,
      rentalEndsAt: serverGrants.expiresAt,
      server: {
        name: servers.name,
        country: servers.country,
        region: servers.region,
        city: servers.city,
        datacenter: servers.datacenter,
        factsJson: servers.factsJson,
        maxSnapshotsPerContainer: servers.maxSnapshotsPerContainer,
      },
    })
    .from(containers)
    .innerJoin(projects, eq(projects.id, containers.projectId))
    .leftJoin(servers, eq(servers.id, containers.serverId))
    .leftJoin(serverGrants, ownersGrant);
}

type ListingRow = Awaited<ReturnType<typeof selectListings>>[number];

function toListing({ recordJson, ...rest }: ListingRow): ContainerListing {
  // Written by applyProjection or reserveContainer only.
  return { record: JSON.parse(recordJson) as ContainerRecord, ...rest };
}

/** The query of {@link findContainer} for one level, within a realm or not. */
function containerQuery(access: AccessLevel, hasRealm: boolean) {
  const terms = {
    userId: sql.placeholder('userId'),
    realmId: hasRealm ? sql.placeholder('realmId') : null,
  };
  return prepared((database) =>
    selectListings(database, terms.realmId)
      .where(
        and(eq(containers.id, sql.placeholder('containerId')), containerVisible(database, terms, access)),
      )
      .prepare(),
  );
}

const CONTAINER_QUERIES = {
  read: { realm: containerQuery('read', true), base: containerQuery('read', false) },
  edit: { realm: containerQuery('edit', true), base: containerQuery('edit', false) },
  delete: { realm: containerQuery('delete', true), base: containerQuery('delete', false) },
};

/** One container, or null when it is missing, hidden by the realm, or not the caller's at `access` or above. */
export async function findContainer(
  database: Database,
  scope: Scope,
  containerId: string,
  access: AccessLevel,
): Promise<ContainerListing | null> {
  const { userId, realmId } = scope;
  const query = CONTAINER_QUERIES[access][realmId === null ? 'base' : 'realm'](database);
  const [row] = await query.all({ containerId, userId, ...(realmId === null ? {} : { realmId }) });
  return row === undefined ? null : toListing(row);
}

/** One page of the containers that the caller sees, and how many there are in all. */
export async function listContainers(
  database: Database,
  scope: Scope,
  options: ContainerListOptions,
): Promise<{ rows: ContainerListing[]; total: number }> {
  const where = and(
    projectReachable(scope),
    containerVisible(database, scope, 'read'),
    options.projectId === null ? undefined : eq(containers.projectId, options.projectId),
    realmFilter(scope, options.realmId, (realmId) => containerCarries(database, realmId)),
    options.includePrespawn ? undefined : eq(containers.isPrespawn, false),
    options.includeExpired ? undefined : isNull(serverExpiredAt),
    options.includeDeleting ? undefined : ne(containers.status, 'deleting'),
  );
  const order = options.sortOrder === 'asc' ? asc : desc;
  const [rows, totals] = await database.batch([
    selectListings(database, scope.realmId)
      .where(where)
      .orderBy(order(SORT_COLUMNS[options.sortBy]), order(containers.id))
      .limit(options.limit)
      .offset((options.page - 1) * options.limit),
    database
      .select({ total: count() })
      .from(containers)
      .innerJoin(projects, eq(projects.id, containers.projectId))
      .leftJoin(serverGrants, ownersGrant)
      .where(where),
  ]);
  return { rows: rows.map(toListing), total: totals[0]?.total ?? 0 };
}

export type ReservationRefusal =
  'name_in_use' | 'ssh_key_in_use' | 'project_limit' | 'server_limit' | 'project_gone';

/**
 * Reserves a new container's name, SSH key and place in the quotas, and writes its row as version 0, all or
 * nothing. The same id again finds its own reservation.
 */
export async function reserveContainer(
  database: Database,
  record: ContainerRecord,
): Promise<ReservationRefusal | null> {
  const { id, projectId, serverId, name, createdAt } = record;
  const sshKey = record.sshPublicKey === null ? null : sshKeyIdentity(record.sshPublicKey);
  const holds = holdsOf(record).map((hold) => ({ ...hold, containerId: id, createdAt }));
  const free = sql`(SELECT count(*) FROM ${uniqueHolds} WHERE ${uniqueHolds.containerId} = ${id}) >= ${holds.length}`;
  const living = (column: SQL) =>
    sql`(SELECT count(*) FROM ${containers} c WHERE ${column} AND c.deleted_at IS NULL AND c.is_prespawn = 0)`;
  const inProject = living(sql`c.project_id = ${projectId}`);
  const onServer = living(sql`c.server_id = ${serverId}`);
  const projectOpen = sql`EXISTS (SELECT 1 FROM ${projects} WHERE ${projects.id} = ${projectId} AND ${projects.deletingSince} IS NULL)`;
  const projectRoom = sql`${inProject} < coalesce((SELECT ${projects.maxContainers} FROM ${projects} WHERE ${projects.id} = ${projectId}), 1e9)`;
  const serverRoom = sql`${onServer} < coalesce((SELECT ${servers.maxContainers} FROM ${servers} WHERE ${servers.id} = ${serverId}), 1e9)`;
  const row = containerRow({ ...record, version: 0 }, null);

  const [, refusals] = await database.batch([
    database.insert(uniqueHolds).values(holds).onConflictDoNothing(),
    database.all<{ reason: ReservationRefusal }>(sql`
      SELECT CASE
        WHEN EXISTS (SELECT 1 FROM ${containers} WHERE ${containers.id} = ${id}) THEN NULL
        WHEN EXISTS (SELECT 1 FROM ${uniqueHolds} WHERE kind = 'container_name' AND scope = ${projectId} AND value = ${name} AND container_id <> ${id}) THEN 'name_in_use'
        WHEN EXISTS (SELECT 1 FROM ${uniqueHolds} WHERE kind = 'ssh_public_key' AND value = ${sshKey} AND container_id <> ${id}) THEN 'ssh_key_in_use'
        WHEN NOT ${projectOpen} THEN 'project_gone'
        WHEN NOT ${projectRoom} THEN 'project_limit'
        WHEN NOT ${serverRoom} THEN 'server_limit'
      END AS reason`),
    database.run(sql`
      INSERT INTO ${containers} (id, project_id, user_id, server_id, name, status, version, incarnation, record_json,
        is_prespawn, is_default, created_at, updated_at)
      SELECT ${row.id}, ${row.projectId}, ${row.userId}, ${row.serverId}, ${row.name}, ${row.status}, 0, ${row.incarnation},
        ${row.recordJson}, ${row.isPrespawn === true ? 1 : 0}, ${row.isDefault === true ? 1 : 0}, ${row.createdAt}, ${row.updatedAt}
      WHERE ${free} AND ${projectOpen} AND ${projectRoom} AND ${serverRoom}
      ON CONFLICT (id) DO NOTHING`),
    database.run(sql`
      INSERT OR IGNORE INTO ${containerRealms} (container_id, realm_id)
      SELECT ${id}, value FROM json_each(${JSON.stringify(record.realmIds)})
      WHERE EXISTS (SELECT 1 FROM ${containers} WHERE ${containers.id} = ${id} AND ${containers.version} = 0)`),
    releaseUnmade(database, id),
  ]);
  return refusals[0]?.reason ?? null;
}

/** Takes a reservation back, unless the container was made after all. */
export async function cancelReservation(database: Database, containerId: string): Promise<void> {
  await database.batch([
    database.delete(containers).where(and(eq(containers.id, containerId), eq(containers.version, 0))),
    releaseUnmade(database, containerId),
  ]);
}

function releaseUnmade(database: Database, containerId: string) {
  return database
    .delete(uniqueHolds)
    .where(
      and(
        eq(uniqueHolds.containerId, containerId),
        sql`NOT EXISTS (SELECT 1 FROM ${containers} WHERE ${containers.id} = ${containerId})`,
      ),
    );
}

function holdsOf(record: Pick<ContainerRecord, 'projectId' | 'name' | 'sshPublicKey'>) {
  return [
    { kind: 'container_name' as const, scope: record.projectId, value: record.name },
    ...(record.sshPublicKey === null
      ? []
      : [{ kind: 'ssh_public_key' as const, scope: '', value: sshKeyIdentity(record.sshPublicKey) }]),
  ];
}

/**
 * Holds the values that a change will use, before the object commits it. A value that this container holds
 * already is held anew, so that the release of an earlier change leaves it alone.
 */
export async function holdValues(
  database: Database,
  container: { id: string; projectId: string },
  values: { name?: string; sshPublicKey?: string | null },
  now: number,
): Promise<'name_in_use' | 'ssh_key_in_use' | null> {
  const wanted = [
    ...(values.name === undefined
      ? []
      : [{ kind: 'container_name' as const, scope: container.projectId, value: values.name }]),
    ...(values.sshPublicKey === undefined || values.sshPublicKey === null
      ? []
      : [{ kind: 'ssh_public_key' as const, scope: '', value: sshKeyIdentity(values.sshPublicKey) }]),
  ];
  for (const hold of wanted) {
    const result = await database
      .insert(uniqueHolds)
      .values({ ...hold, containerId: container.id, createdAt: now })
      .onConflictDoUpdate({
        target: [uniqueHolds.kind, uniqueHolds.scope, uniqueHolds.value],
        set: { createdAt: now },
        setWhere: eq(uniqueHolds.containerId, container.id),
      });
    if (result.rowsAffected === 0) return hold.kind === 'container_name' ? 'name_in_use' : 'ssh_key_in_use';
  }
  return null;
}

/** Lets go of values that a refused change had held. */
export async function releaseValues(
  database: Database,
  containerId: string,
  values: readonly string[],
): Promise<void> {
  if (values.length === 0) return;
  await database
    .delete(uniqueHolds)
    .where(
      and(
        eq(uniqueHolds.containerId, containerId),
        or(...values.map((value) => eq(uniqueHolds.value, value))),
      ),
    );
}

/** Whether a container, deleted ones included, is or was the caller's to see. */
export async function findContainerOwnership(
  database: Database,
  scope: Scope,
  containerId: string,
): Promise<boolean> {
  const rows = await database
    .select({ id: containers.id })
    .from(containers)
    .innerJoin(projects, eq(projects.id, containers.projectId))
    .where(
      and(
        eq(containers.id, containerId),
        projectVisible(database, { ...scope, realmId: null }, 'read'),
        scope.realmId === null ? undefined : containerCarries(database, scope.realmId),
      ),
    );
  return rows.length > 0;
}
