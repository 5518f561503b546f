import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { authTokens, containers, loginHistory, projects, servers, users } from './schema.ts';

const HOUR_MS = 3_600_000;
/** Failed attempts that are kept of one user an hour. */
const FAILURES_PER_HOUR_MAX = 200;
export const SECURITY_HISTORY_RETENTION_MS = 180 * 24 * HOUR_MS;
const USER_AGENT_LENGTH_MAX = 255;
const RECENT_LOGINS = 5;

/** `login`, or a change of the account's secrets. */
export type SecurityEvent =
  | 'login'
  | 'password_changed'
  | 'password_reset'
  | '2fa_enabled'
  | '2fa_disabled'
  | 'backup_codes_regenerated';

export interface LoginAttempt {
  readonly id: string;
  readonly userId: string;
  readonly clientAddress: string;
  readonly userAgent: string | null;
  readonly succeeded: boolean;
  /** Default: `login`. */
  readonly event?: SecurityEvent;
  /** What the client calls itself. */
  readonly client?: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Records a login or another event of an account's security: of failures at most 200 an hour a user, and
 * nothing longer than 180 days. For a user that there is not, nothing.
 */
export async function recordLogin(database: Database, attempt: LoginAttempt): Promise<void> {
  const { id, userId, clientAddress, succeeded, event = 'login', client = null, now } = attempt;
  const userAgent = attempt.userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? null;
  await database.batch([
    database.run(sql`
      insert into ${loginHistory} (id, user_id, client_address, user_agent, succeeded, event, client, created_at)
      select ${id}, ${userId}, ${clientAddress}, ${userAgent}, ${succeeded ? 1 : 0}, ${event}, ${client}, ${now}
      where exists (select 1 from ${users} where id = ${userId}) and (${succeeded ? 1 : 0} or (
        select count(*) from ${loginHistory}
        where user_id = ${userId} and succeeded = 0 and created_at > ${now - HOUR_MS}
      ) < ${FAILURES_PER_HOUR_MAX})`),
    database
      .delete(loginHistory)
      .where(
        and(eq(loginHistory.userId, userId), lt(loginHistory.createdAt, now - SECURITY_HISTORY_RETENTION_MS)),
      ),
  ]);
}

/** What a login answers beside the tokens. */
export interface LoginFacts {
  /** Successful logins, newest first, five at most. */
  readonly recentLogins: readonly { readonly clientAddress: string; readonly createdAt: number }[];
  /** Tokens that are not expired. */
  readonly authTokenCount: number;
  readonly project: { readonly id: string; readonly alias: string } | null;
  readonly container: { readonly id: string; readonly name: string; readonly status: string } | null;
  /** The server of the default container. */
  readonly server: Pick<
    typeof servers.$inferSelect,
    'id' | 'name' | 'country' | 'region' | 'city' | 'datacenter' | 'isReady'
  > | null;
}

/** Reads {@link LoginFacts} of a user in one round trip. */
export async function loadLoginFacts(database: Database, userId: string, now: number): Promise<LoginFacts> {
  const isDefaultContainer = and(
    eq(containers.userId, userId),
    eq(containers.isDefault, true),
    isNull(containers.deletedAt),
  );
  const [recentLogins, tokens, [project], [container]] = await database.batch([
    database
      .select({ clientAddress: loginHistory.clientAddress, createdAt: loginHistory.createdAt })
      .from(loginHistory)
      .where(
        and(
          eq(loginHistory.userId, userId),
          eq(loginHistory.succeeded, true),
          eq(loginHistory.event, 'login'),
        ),
      )
      .orderBy(desc(loginHistory.createdAt))
      .limit(RECENT_LOGINS),
    database
      .select({ count: sql<number>`count(*)` })
      .from(authTokens)
      .where(
        and(eq(authTokens.userId, userId), or(isNull(authTokens.expiresAt), gt(authTokens.expiresAt, now))),
      ),
    database
      .select({ id: projects.id, alias: projects.alias })
      .from(projects)
      .where(and(eq(projects.userId, userId), eq(projects.isDefault, true)))
      .limit(1),
    database
      .select({
        id: containers.id,
        name: containers.name,
        status: containers.status,
        server: {
          id: servers.id,
          name: servers.name,
          country: servers.country,
          region: servers.region,
          city: servers.city,
          datacenter: servers.datacenter,
          isReady: servers.isReady,
        },
      })
      .from(containers)
      .leftJoin(servers, eq(servers.id, containers.serverId))
      .where(isDefaultContainer)
      .limit(1),
  ]);
  return {
    recentLogins,
    authTokenCount: tokens[0]?.count ?? 0,
    project: project ?? null,
    container:
      container === undefined ? null : { id: container.id, name: container.name, status: container.status },
    server: container?.server ?? null,
  };
}
