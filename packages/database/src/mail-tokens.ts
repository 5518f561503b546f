import { and, eq, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { mailTokens, users } from './schema.ts';
import type { UserRow } from './users.ts';

/** Verification mails of one account that work at the same time. */
const LIVE_TOKENS_MAX = 4;

/**
 * Adds a verification token for an unverified, unbanned account; the mails sent before keep working, the
 * oldest of too many does not.
 *
 * @returns whether there is such an account, and so a mail to send
 */
export async function addVerificationToken(
  database: Database,
  token: { readonly email: string; readonly hash: string; readonly expiresAt: number; readonly now: number },
): Promise<boolean> {
  const email = token.email.toLowerCase();
  const account = and(eq(users.email, email), eq(users.emailVerified, false), eq(users.isBanned, false));
  const results = await database.batch([
    database.run(sql`
      insert into ${mailTokens} (token_hash, user_id, kind, expires_at, created_at)
      select ${token.hash}, id, 'verify_email', ${token.expiresAt}, ${token.now} from ${users} where ${account}`),
    database.run(sql`
      delete from ${mailTokens} where kind = 'verify_email' and token_hash in (
        select token_hash from ${mailTokens}
        where kind = 'verify_email' and user_id in (select id from ${users} where ${account})
        order by created_at desc, rowid desc limit -1 offset ${LIVE_TOKENS_MAX})`),
    database
      .select({ hash: mailTokens.tokenHash })
      .from(mailTokens)
      .where(eq(mailTokens.tokenHash, token.hash)),
  ]);
  return results[2].length === 1;
}

export interface DefaultProject {
  readonly id: string;
  readonly alias: string;
  readonly color: string;
}

/**
 * Uses up a verification token: verifies its account and, in the same transaction, gives it a default
 * project (with `projectEvent`, whose `userId` is not yet known and therefore set here) if it has none.
 *
 * @returns the verified user; null when the token is unknown, used or expired
 */
export async function consumeVerificationToken(
  database: Database,
  tokenHash: string,
  project: DefaultProject,
  projectEvent: Omit<NewEvent, 'userId'>,
): Promise<UserRow | null> {
  const { now } = projectEvent;
  const owner = sql`(select user_id from ${mailTokens} where token_hash = ${tokenHash})`;
  const results = await database.batch([
    database
      .update(mailTokens)
      .set({ usedAt: now })
      .where(
        and(
          eq(mailTokens.tokenHash, tokenHash),
          eq(mailTokens.kind, 'verify_email'),
          sql`${mailTokens.usedAt} is null`,
          sql`${mailTokens.expiresAt} > ${now}`,
        ),
      )
      .returning({ userId: mailTokens.userId }),
    database
      .update(users)
      .set({ emailVerified: true, updatedAt: now })
      .where(and(sql`${users.id} = ${owner}`, sql`changes() > 0`)),
    database.run(sql`
      insert into projects (id, user_id, alias, color, is_default, created_at, updated_at)
      select ${project.id}, id, ${project.alias}, ${project.color}, 1, ${now}, ${now} from ${users}
      where id = ${owner} and changes() > 0
        and not exists (select 1 from projects where user_id = ${owner} and is_default = 1)
      on conflict do nothing`),
    eventStatement(database, { ...projectEvent, userId: owner }, sql`changes() > 0`),
    database
      .select()
      .from(users)
      .where(sql`${users.id} = ${owner}`),
  ]);
  return results[0].length === 0 ? null : (results[4][0] ?? null);
}
