import { and, eq, lt, ne, or, sql, type SQL } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { mailTokens, signInSteps, users } from './schema.ts';
import type { UserRow } from './users.ts';

/** What of an account may be changed; an absent field stays as it is. */
export interface ProfileChanges {
  readonly alias?: string | undefined;
  readonly publicKey?: string | undefined;
  readonly metadataJson?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly isAdmin?: boolean | undefined;
  readonly isBanned?: boolean | undefined;
  /** Ends every session as well. */
  readonly endSessions?: boolean | undefined;
}

/**
 * Changes an account together with `events`. A new password uses up every reset mail and sign-in under way;
 * sessions live on unless `endSessions` is set.
 *
 * @param previousHash the password's hash that was checked before a new one is set: if it was changed
 *   meanwhile, nothing is
 * @returns the account as it is now; null when it is missing or its password was changed meanwhile
 */
export async function updateProfile(
  database: Database,
  userId: string,
  { endSessions = false, ...changes }: ProfileChanges,
  previousHash: string | null,
  events: readonly NewEvent[],
  now: number,
): Promise<UserRow | null> {
  const isOurs = and(
    eq(users.id, userId),
    previousHash === null ? undefined : eq(users.passwordHash, previousHash),
  );
  const isNewPassword = changes.passwordHash !== undefined;
  const updated: SQL =
    changes.passwordHash === undefined
      ? sql`1`
      : sql`exists (select 1 from ${users} where id = ${userId} and password_hash = ${changes.passwordHash})`;
  const [rows] = await database.batch([
    database
      .update(users)
      .set({
        ...changes,
        ...(endSessions ? { sessionGeneration: sql`${users.sessionGeneration} + 1` } : {}),
        updatedAt: now,
      })
      .where(isOurs)
      .returning(),
    ...(isNewPassword ? endResets(database, userId, updated) : []),
    ...events.map((event) => eventStatement(database, event, updated)),
  ]);
  return rows[0] ?? null;
}

function endResets(database: Database, userId: string, condition: SQL) {
  return [
    database
      .delete(mailTokens)
      .where(and(eq(mailTokens.userId, userId), eq(mailTokens.kind, 'reset_password'), condition)),
    database.delete(signInSteps).where(and(eq(signInSteps.userId, userId), condition)),
  ];
}

/** Reset mails of one account that work at the same time. */
const LIVE_RESETS_MAX = 4;

/**
 * Adds a password-reset token for a verified, unbanned account; the oldest of too many stops working.
 *
 * @returns whether there is such an account, and so a mail to send
 */
export async function addResetToken(
  database: Database,
  token: { readonly email: string; readonly hash: string; readonly expiresAt: number; readonly now: number },
): Promise<boolean> {
  const email = token.email.toLowerCase();
  const account = and(eq(users.email, email), eq(users.emailVerified, true), eq(users.isBanned, false));
  const results = await database.batch([
    database.run(sql`
      insert into ${mailTokens} (token_hash, user_id, kind, expires_at, created_at)
      select ${token.hash}, id, 'reset_password', ${token.expiresAt}, ${token.now} from ${users} where ${account}`),
    database.run(sql`
      delete from ${mailTokens} where kind = 'reset_password' and token_hash in (
        select token_hash from ${mailTokens}
        where kind = 'reset_password' and user_id in (select id from ${users} where ${account})
        order by created_at desc, rowid desc limit -1 offset ${LIVE_RESETS_MAX})`),
    database
      .select({ hash: mailTokens.tokenHash })
      .from(mailTokens)
      .where(eq(mailTokens.tokenHash, token.hash)),
  ]);
  return results[2].length === 1;
}

/** Whose account a living reset token opens; null when unknown, used or expired. */
export async function findResetToken(
  database: Database,
  tokenHash: string,
  now: number,
): Promise<string | null> {
  const [row] = await database
    .select({ userId: mailTokens.userId })
    .from(mailTokens)
    .where(livingReset(tokenHash, now));
  return row?.userId ?? null;
}

function livingReset(tokenHash: string, now: number): SQL | undefined {
  return and(
    eq(mailTokens.tokenHash, tokenHash),
    eq(mailTokens.kind, 'reset_password'),
    sql`${mailTokens.usedAt} is null`,
    sql`${mailTokens.expiresAt} > ${now}`,
  );
}

/**
 * Uses a reset token up: sets the password, ends every session and sign-in under way, and all other reset
 * mails stop working. Of two callers with one token one wins.
 *
 * @returns the user's id; null when the token is unknown, used or expired
 */
export async function resetPasswordByToken(
  database: Database,
  tokenHash: string,
  passwordHash: string,
  now: number,
): Promise<string | null> {
  const owner = sql`(select user_id from ${mailTokens} where token_hash = ${tokenHash})`;
  const done = sql`exists (select 1 from ${users} where id = ${owner} and password_hash = ${passwordHash})`;
  const results = await database.batch([
    database
      .update(mailTokens)
      .set({ usedAt: now })
      .where(livingReset(tokenHash, now))
      .returning({ userId: mailTokens.userId }),
    database
      .update(users)
      .set({ passwordHash, sessionGeneration: sql`${users.sessionGeneration} + 1`, updatedAt: now })
      .where(and(sql`${users.id} = ${owner}`, sql`changes() > 0`)),
    database.delete(signInSteps).where(and(sql`${signInSteps.userId} = ${owner}`, done)),
    database
      .delete(mailTokens)
      .where(
        and(
          sql`${mailTokens.userId} = ${owner}`,
          eq(mailTokens.kind, 'reset_password'),
          ne(mailTokens.tokenHash, tokenHash),
          done,
        ),
      ),
  ]);
  return results[0][0]?.userId ?? null;
}

/** Milestones that one account may hold. */
export const MILESTONES_MAX = 100;

/**
 * Notes that a milestone was reached; the first time stays.
 *
 * @param milestone letters, digits and `_` only
 * @returns milestone to time (ISO 8601); null when the account holds too many already
 */
export async function markMilestone(
  database: Database,
  userId: string,
  milestone: string,
  now: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (!/^\w{1,60}$/.test(milestone)) throw new Error('a milestone of other characters');
  const path = `$."${milestone}"`;
  const held = sql`(select count(*) from json_each(${users.onboardingJson}))`;
  const isKnown = sql`json_type(${users.onboardingJson}, ${path}) is not null`;
  const [row] = await database
    .update(users)
    .set({
      onboardingJson: sql`json_insert(${users.onboardingJson}, ${path}, ${new Date(now).toISOString()})`,
    })
    .where(and(eq(users.id, userId), or(isKnown, lt(held, MILESTONES_MAX))))
    .returning({ onboardingJson: users.onboardingJson });
  if (row === undefined) return null;
  const onboarding: unknown = JSON.parse(row.onboardingJson);
  return typeof onboarding === 'object' && onboarding !== null ? { ...onboarding } : {};
}
