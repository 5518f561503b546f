import { and, eq, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { eventStatement, type NewEvent } from './events.ts';
import type { DefaultProject } from './mail-tokens.ts';
import { mailTokens, oauthIdentities, users } from './schema.ts';
import { findUser, type UserRow } from './users.ts';

/** In place of a hash: no password opens the account until its owner sets one by mail. */
const NO_PASSWORD = 'none';

/** Somebody as a provider vouches for them. `subject` is the provider's permanent id. */
export interface OAuthIdentity {
  readonly provider: 'github' | 'google';
  readonly subject: string;
  readonly username: string | null;
}

/** The account whose identity this is, or null. The provider's name of it is brought up to date. */
export async function findIdentityOwner(
  database: Database,
  { provider, subject, username }: OAuthIdentity,
  now: number,
): Promise<UserRow | null> {
  const [row] = await database
    .update(oauthIdentities)
    .set({ username, updatedAt: now })
    .where(and(eq(oauthIdentities.provider, provider), eq(oauthIdentities.subject, subject)))
    .returning({ userId: oauthIdentities.userId });
  return row === undefined ? null : findUser(database, row.userId);
}

export interface IdentityAccount {
  /** Id and name of the account if one must be made. */
  readonly id: string;
  readonly username: string;
  /** Lower case, and verified by the provider. */
  readonly email: string;
  /** SHA-256 of the invite code that the sign-in began with. */
  readonly inviteCodeHash: string | null;
  readonly project: DefaultProject;
  /** Recorded when the account is made. */
  readonly userEvent: NewEvent;
  /** Recorded when it gets its default project; the user is set here. */
  readonly projectEvent: Omit<NewEvent, 'userId'>;
  /** Unix milliseconds. */
  readonly now: number;
}

export type LinkOutcome =
  /** `isNew`: the account was made by this, or its address had never been confirmed. */
  | { readonly kind: 'linked'; readonly user: UserRow; readonly isNew: boolean }
  /** The account is opened by another identity of this provider; it stays so. */
  | { readonly kind: 'other_identity' }
  | { readonly kind: 'username_taken' };

/**
 * Links an identity to the account of its verified e-mail address, which is made if there is none, in one
 * transaction. An account whose address nobody had confirmed may have been prepared by a stranger, who
 * waits for the owner to fill it: its password, its sessions and its mails stop working.
 */
export async function linkIdentity(
  database: Database,
  { provider, subject, username }: OAuthIdentity,
  account: IdentityAccount,
): Promise<LinkOutcome> {
  const { email, project, now } = account;
  const owner = sql`(select id from ${users} where ${eq(users.email, email)})`;
  const unverified = and(eq(users.email, email), eq(users.emailVerified, false));
  const results = await database.batch([
    database
      .insert(users)
      .values({
        id: account.id,
        email,
        username: account.username,
        passwordHash: NO_PASSWORD,
        emailVerified: true,
        signupMethod: provider,
        signupInviteHash: account.inviteCodeHash,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing(),
    eventStatement(database, account.userEvent, sql`changes() > 0`),
    database
      .delete(mailTokens)
      .where(sql`${mailTokens.userId} in (select id from ${users} where ${unverified})`),
    database
      .update(users)
      .set({
        passwordHash: NO_PASSWORD,
        emailVerified: true,
        signupInviteHash: account.inviteCodeHash,
        sessionGeneration: sql`${users.sessionGeneration} + 1`,
        updatedAt: now,
      })
      .where(unverified),
    database.run(sql`
      insert into projects (id, user_id, alias, color, is_default, created_at, updated_at)
      select ${project.id}, id, ${project.alias}, ${project.color}, 1, ${now}, ${now} from ${users}
      where ${eq(users.email, email)}
        and not exists (select 1 from projects where user_id = ${owner} and is_default = 1)
      on conflict do nothing`),
    eventStatement(database, { ...account.projectEvent, userId: owner }, sql`changes() > 0`),
    database.run(sql`
      insert into ${oauthIdentities} (provider, subject, user_id, username, created_at, updated_at)
      select ${provider}, ${subject}, id, ${username}, ${now}, ${now} from ${users}
      where ${eq(users.email, email)}
      on conflict do nothing`),
    database
      .select({
        user: users,
        isLinked: sql<number>`exists (select 1 from ${oauthIdentities} as linked
          where linked.provider = ${provider} and linked.subject = ${subject} and linked.user_id = ${users.id})`,
      })
      .from(users)
      .where(eq(users.email, email)),
  ]);
  const [row] = results[7];
  if (row === undefined) return { kind: 'username_taken' };
  const isNew = results[0].rowsAffected + results[3].rowsAffected > 0;
  return row.isLinked === 1 ? { kind: 'linked', user: row.user, isNew } : { kind: 'other_identity' };
}
