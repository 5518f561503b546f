import { and, eq, sql } from 'drizzle-orm';
import { prepared, type Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import { mailTokens, users } from './schema.ts';

export type UserRow = Readonly<typeof users.$inferSelect>;

const userById = prepared((database) =>
  database
    .select()
    .from(users)
    .where(eq(users.id, sql.placeholder('userId')))
    .prepare(),
);

/** One user by id, or null. */
export async function findUser(database: Database, userId: string): Promise<UserRow | null> {
  const [row] = await userById(database).all({ userId });
  return row ?? null;
}

/** How somebody names their account: e-mail addresses compare in lower case, usernames exactly. */
export type LoginName = { readonly email: string } | { readonly username: string };

/** The user who logs in by that name, or null. */
export async function findUserByLogin(database: Database, name: LoginName): Promise<UserRow | null> {
  const where =
    'email' in name ? eq(users.email, name.email.toLowerCase()) : eq(users.username, name.username);
  const [row] = await database.select().from(users).where(where);
  return row ?? null;
}

export interface SignUp {
  readonly id: string;
  /** Lower case. */
  readonly email: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly verification: { readonly hash: string; readonly expiresAt: number };
  /** Where the account wants its first server; null: anywhere. */
  readonly region: string | null;
  /** SHA-256 of an invite code that is redeemed when the address is confirmed; null: none. */
  readonly inviteHash: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Registers an account together with its verification token and `event`. An unverified account of that
 * address gets the new password, and its older verification mails stop working (they were sent for another
 * password); a verified one stays as it is.
 *
 * @returns `pending`: the mail is to be sent; `verified`: nothing was changed; `username_taken`: draw again
 */
export async function signUp(
  database: Database,
  account: SignUp,
  event: NewEvent,
): Promise<'pending' | 'verified' | 'username_taken'> {
  const { id, email, username, passwordHash, verification, now } = account;
  const wishes = { signupRegion: account.region, signupInviteHash: account.inviteHash };
  const unverified = and(eq(users.email, email), eq(users.emailVerified, false));
  const results = await database.batch([
    database
      .insert(users)
      .values({ id, email, username, passwordHash, ...wishes, createdAt: now, updatedAt: now })
      .onConflictDoNothing(),
    eventStatement(database, event, sql`changes() > 0`),
    database
      .update(users)
      .set({ passwordHash, ...wishes, updatedAt: now })
      .where(unverified),
    database
      .delete(mailTokens)
      .where(
        and(
          eq(mailTokens.kind, 'verify_email'),
          sql`${mailTokens.userId} in (select id from ${users} where ${unverified})`,
        ),
      ),
    database.run(sql`
      insert into ${mailTokens} (token_hash, user_id, kind, expires_at, created_at)
      select ${verification.hash}, id, 'verify_email', ${verification.expiresAt}, ${now}
      from ${users} where ${unverified}`),
    database.select({ emailVerified: users.emailVerified }).from(users).where(eq(users.email, email)),
  ]);
  const row = results[5][0];
  if (row === undefined) return 'username_taken';
  return row.emailVerified ? 'verified' : 'pending';
}

/** Ends all sessions of a user: every JWT signed for an earlier generation is dead. Auth tokens stay. */
export async function endSessions(database: Database, userId: string, now: number): Promise<void> {
  await database
    .update(users)
    .set({ sessionGeneration: sql`${users.sessionGeneration} + 1`, updatedAt: now })
    .where(eq(users.id, userId));
}

/** Replaces a password's hash by one with newer parameters, unless the password was changed meanwhile. */
export async function renewPasswordHash(
  database: Database,
  userId: string,
  previousHash: string,
  passwordHash: string,
): Promise<void> {
  await database
    .update(users)
    .set({ passwordHash })
    .where(and(eq(users.id, userId), eq(users.passwordHash, previousHash)));
}
