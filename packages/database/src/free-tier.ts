import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import type { DefaultProject } from './mail-tokens.ts';
import { containers, inviteCodes, projects, serverGrants, servers, users } from './schema.ts';
import type { ServerRow } from './servers.ts';

/** What an account has of the free tier. `serverNames`: the servers on which it is offered. */
export interface FreeTierFacts {
  /** The free server that the account may use; null: none yet. */
  readonly server: ServerRow | null;
  /** Whether a free server has room for one more account. */
  readonly hasRoom: boolean;
}

/** Ready, and with room for one more account's container. */
function open(names: readonly string[]): SQL | undefined {
  const taken = sql`(select count(*) from ${serverGrants} where server_id = servers.id)`;
  return and(
    inArray(servers.name, [...names]),
    eq(servers.isReady, true),
    sql`${taken} < coalesce(servers.max_containers, 1e9)`,
  );
}

function ownFreeServer(database: Database, userId: string, names: readonly string[]) {
  return database
    .select({ server: servers })
    .from(servers)
    .innerJoin(serverGrants, eq(serverGrants.serverId, servers.id))
    .where(and(eq(serverGrants.userId, userId), inArray(servers.name, [...names])))
    .orderBy(serverGrants.createdAt)
    .limit(1);
}

/** Reads {@link FreeTierFacts} of a user. */
export async function readFreeTier(
  database: Database,
  userId: string,
  names: readonly string[],
): Promise<FreeTierFacts> {
  if (names.length === 0) return { server: null, hasRoom: false };
  const [own, vacant] = await database.batch([
    ownFreeServer(database, userId, names),
    database.select({ id: servers.id }).from(servers).where(open(names)).limit(1),
  ]);
  return { server: own[0]?.server ?? null, hasRoom: vacant.length > 0 };
}

/**
 * Gives an account a free server, once: one of the wanted region if there is room, else the one with the
 * fewest accounts. An account that gets one keeps the free tier, whatever gate is set up later.
 *
 * @returns the server that the account has now; null: none has room
 */
export async function claimFreeServer(
  database: Database,
  userId: string,
  names: readonly string[],
  region: string | null,
  now: number,
): Promise<ServerRow | null> {
  if (names.length === 0) return null;
  const hasNone = sql`not exists (select 1 from ${serverGrants} held join servers on servers.id = held.server_id
    where held.user_id = ${userId} and ${inArray(servers.name, [...names])})`;
  const results = await database.batch([
    database.run(sql`
      insert into ${serverGrants} (server_id, user_id, created_at)
      select id, ${userId}, ${now} from servers where ${open(names)} and ${hasNone}
      order by (region is ${region}) desc, (select count(*) from ${serverGrants} where server_id = servers.id), id
      limit 1
      on conflict do nothing`),
    database
      .update(users)
      .set({ freeTierUnlockedAt: now, freeTierUnlockSource: 'grandfathered' })
      .where(and(eq(users.id, userId), sql`free_tier_unlocked_at is null`, sql`changes() > 0`)),
    ownFreeServer(database, userId, names),
  ]);
  return results[2][0]?.server ?? null;
}

/**
 * Makes the account's default project if it has none, together with `event` (of the same id).
 *
 * @returns the default project; null when its alias is taken by another project of theirs
 */
export async function ensureDefaultProject(
  database: Database,
  userId: string,
  project: DefaultProject,
  event: NewEvent,
): Promise<{ readonly id: string; readonly alias: string } | null> {
  const results = await database.batch([
    database.run(sql`
      insert into ${projects} (id, user_id, alias, color, is_default, created_at, updated_at)
      select ${project.id}, ${userId}, ${project.alias}, ${project.color}, 1, ${event.now}, ${event.now}
      where not exists (select 1 from ${projects} where user_id = ${userId} and is_default = 1)
      on conflict do nothing`),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .select({ id: projects.id, alias: projects.alias })
      .from(projects)
      .where(and(eq(projects.userId, userId), eq(projects.isDefault, true)))
      .limit(1),
  ]);
  return results[2][0] ?? null;
}

/** The living default container of a user, and how many they had before it. */
export async function findDefaultContainer(
  database: Database,
  userId: string,
): Promise<{ readonly id: string | null; readonly deleted: number }> {
  const [row] = await database
    .select({
      id: sql<string | null>`max(case when deleted_at is null then id end)`,
      deleted: sql<number>`count(deleted_at)`,
    })
    .from(containers)
    .where(and(eq(containers.userId, userId), eq(containers.isDefault, true)));
  return row ?? { id: null, deleted: 0 };
}

export type InviteOutcome = 'redeemed' | 'unlocked_already' | 'refused';

/**
 * Redeems an invite code for an account, once: an account that has the free tier uses none up.
 *
 * @param codeHash SHA-256 of the code
 */
export async function redeemInviteCode(
  database: Database,
  userId: string,
  codeHash: string,
  now: number,
): Promise<InviteOutcome> {
  const isLocked = sql`exists (select 1 from ${users} where id = ${userId} and free_tier_unlocked_at is null)`;
  const results = await database.batch([
    database
      .update(inviteCodes)
      .set({ usesCount: sql`${inviteCodes.usesCount} + 1` })
      .where(
        and(
          eq(inviteCodes.codeHash, codeHash),
          sql`uses_count < uses_max and (expires_at is null or expires_at > ${now})`,
          isLocked,
        ),
      ),
    database
      .update(users)
      .set({ freeTierUnlockedAt: now, freeTierUnlockSource: 'invite_code', signupCodeFailed: false })
      .where(and(eq(users.id, userId), sql`changes() > 0`))
      .returning({ id: users.id }),
    database.select({ unlockedAt: users.freeTierUnlockedAt }).from(users).where(eq(users.id, userId)),
  ]);
  if (results[1].length === 1) return 'redeemed';
  const unlockedAt = results[2][0]?.unlockedAt ?? null;
  return unlockedAt === null ? 'refused' : 'unlocked_already';
}

/** Notes what became of the invite code sent at signup; it is not tried again. */
export async function settleSignupInvite(
  database: Database,
  userId: string,
  hasFailed: boolean,
): Promise<void> {
  await database
    .update(users)
    .set({ signupInviteHash: null, signupCodeFailed: hasFailed })
    .where(eq(users.id, userId));
}
