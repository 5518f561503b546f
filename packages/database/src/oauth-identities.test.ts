import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findIdentityOwner,
  linkIdentity,
  type IdentityAccount,
  type OAuthIdentity,
} from './oauth-identities.ts';
import { events, mailTokens, oauthIdentities, projects, users } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addUser, eventFor, freshId, idOf } from './test-rows.ts';

let opened: TemporaryDatabase;
beforeAll(async () => {
  opened = await openTemporaryDatabase();
});
afterAll(() => opened.dispose());

const NOW = 1_000;
function identity(subject: string): OAuthIdentity {
  return { provider: 'github', subject, username: 'octo' };
}
function account(email: string, username = `user-${freshId()}`): IdentityAccount {
  const id = freshId();
  const project = { id: freshId(), alias: 'default', color: '#FFFFFF' };
  const { userId: _, ...projectEvent } = eventFor('', project.id, NOW);
  return {
    id,
    username,
    email,
    inviteCodeHash: 'invite',
    project,
    userEvent: { ...eventFor(id, id, NOW), eventType: 'user.created' },
    projectEvent,
    now: NOW,
  };
}
const userOf = async (email: string) =>
  (await opened.database.select().from(users).where(eq(users.email, email)))[0];

describe('an identity', () => {
  it('makes an account with a default project and no password, and opens it again', async () => {
    const { database } = opened;
    const made = account('ann@example.test');
    expect(await findIdentityOwner(database, identity('1'), NOW)).toBeNull();
    const linked = await linkIdentity(database, identity('1'), made);
    expect(linked).toMatchObject({
      kind: 'linked',
      isNew: true,
      user: { id: made.id, emailVerified: true, signupMethod: 'github', signupInviteHash: 'invite' },
    });
    expect((await userOf('ann@example.test'))?.passwordHash).toBe('none');
    expect(await database.select().from(projects).where(eq(projects.userId, made.id))).toMatchObject([
      { id: made.project.id, isDefault: true },
    ]);
    const kept = await database.select().from(events).where(eq(events.userId, made.id));
    expect(kept.map(({ id }) => id).toSorted()).toEqual([made.userEvent.id, made.projectEvent.id].toSorted());
    expect(await findIdentityOwner(database, { ...identity('1'), username: 'renamed' }, 2)).toMatchObject({
      id: made.id,
    });
    expect(await database.select().from(oauthIdentities)).toMatchObject([
      { username: 'renamed', updatedAt: 2 },
    ]);
  });

  it('joins a verified account and leaves everything of it as it was', async () => {
    const { database } = opened;
    await addUser(database, idOf('b'));
    await database
      .update(users)
      .set({ emailVerified: true })
      .where(eq(users.id, idOf('b')));
    const before = await userOf(`${idOf('b')}@example.test`);
    const linked = await linkIdentity(database, identity('2'), account(`${idOf('b')}@example.test`));
    expect(linked).toEqual({ kind: 'linked', isNew: false, user: before });
  });

  it('takes an unverified account out of the hands of whoever prepared it', async () => {
    const { database } = opened;
    await addUser(database, idOf('c'));
    const token = { tokenHash: 'hash', userId: idOf('c'), kind: 'verify_email' as const };
    await database.insert(mailTokens).values({ ...token, expiresAt: NOW * 2, createdAt: 1 });
    const linked = await linkIdentity(database, identity('3'), account(`${idOf('c')}@example.test`));
    expect(linked).toMatchObject({
      kind: 'linked',
      isNew: true,
      user: { id: idOf('c'), emailVerified: true, passwordHash: 'none', sessionGeneration: 2 },
    });
    expect(
      await database
        .select()
        .from(mailTokens)
        .where(eq(mailTokens.userId, idOf('c'))),
    ).toEqual([]);
  });

  it('does not replace another of its provider, but stands beside one of another provider', async () => {
    const { database } = opened;
    await linkIdentity(database, identity('4'), account('dan@example.test'));
    expect(await linkIdentity(database, identity('5'), account('dan@example.test'))).toEqual({
      kind: 'other_identity',
    });
    expect(await findIdentityOwner(database, identity('5'), NOW)).toBeNull();
    const google: OAuthIdentity = { provider: 'google', subject: '5', username: null };
    expect(await linkIdentity(database, google, account('dan@example.test'))).toMatchObject({
      kind: 'linked',
      isNew: false,
    });
  });

  it('says when a username is taken, and has changed nothing then', async () => {
    const { database } = opened;
    await linkIdentity(database, identity('6'), account('eve@example.test', 'taken'));
    expect(await linkIdentity(database, identity('7'), account('fay@example.test', 'taken'))).toEqual({
      kind: 'username_taken',
    });
    expect(await userOf('fay@example.test')).toBeUndefined();
    expect(await findIdentityOwner(database, identity('7'), NOW)).toBeNull();
  });

  it('links once, however many ask at the same time', async () => {
    const { database } = opened;
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(() => linkIdentity(database, identity('8'), account('gus@example.test'))),
    );
    const ids = outcomes.map((outcome) => (outcome.kind === 'linked' ? outcome.user.id : outcome.kind));
    expect(new Set(ids).size).toBe(1);
  });
});
