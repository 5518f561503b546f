import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './client.ts';
import { loadLoginFacts, recordLogin } from './login-history.ts';
import { addVerificationToken, consumeVerificationToken } from './mail-tokens.ts';
import { events, loginHistory, mailTokens, projects, users } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { eventFor, freshId } from './test-rows.ts';
import { endSessions, findUser, findUserByLogin, renewPasswordHash, signUp, type SignUp } from './users.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_780_000_000_000;
const EMAIL = 'ann@example.test';

let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  for (const table of [loginHistory, mailTokens, projects, events, users]) await database.delete(table);
});

let drawn = 0;
function account(more: Partial<SignUp> = {}): SignUp {
  drawn += 1;
  return {
    id: freshId(),
    email: EMAIL,
    username: `ann-${drawn}`,
    passwordHash: `hash-${drawn}`,
    verification: { hash: `token-${drawn}`, expiresAt: NOW + HOUR_MS },
    region: null,
    inviteHash: null,
    now: NOW,
    ...more,
  };
}
const register = (more: Partial<SignUp> = {}) => {
  const input = account(more);
  return signUp(database, input, eventFor(input.id, input.id, NOW)).then((outcome) => ({ outcome, input }));
};
const verify = (hash: string, now = NOW) => {
  const project = { id: freshId(), alias: 'default', color: '#FFF' };
  const { userId: _unknown, ...event } = eventFor('', project.id, now);
  return consumeVerificationToken(database, hash, project, event);
};

describe('signUp', () => {
  it('makes an unverified account, its token and its event', async () => {
    const { outcome, input } = await register();
    expect(outcome).toBe('pending');
    expect(await findUser(database, input.id)).toMatchObject({
      email: EMAIL,
      emailVerified: false,
      isAdmin: false,
    });
    expect(await database.select().from(mailTokens)).toMatchObject([
      { userId: input.id, kind: 'verify_email' },
    ]);
    expect(await database.select().from(events)).toHaveLength(1);
  });

  it('gives an unverified account the new password and kills the older mails', async () => {
    const first = await register();
    const second = await register();
    expect(second.outcome).toBe('pending');
    const user = await findUserByLogin(database, { email: 'ANN@example.test' });
    expect(user).toMatchObject({ id: first.input.id, passwordHash: second.input.passwordHash });
    expect(await database.select().from(events)).toHaveLength(1);
    expect(await verify(first.input.verification.hash)).toBeNull();
    expect(await verify(second.input.verification.hash)).toMatchObject({ id: first.input.id });
  });

  it('changes nothing of a verified account', async () => {
    const { input } = await register();
    await verify(input.verification.hash);
    const before = await findUser(database, input.id);
    expect((await register()).outcome).toBe('verified');
    expect(await findUser(database, input.id)).toEqual(before);
    expect(await database.select().from(users)).toHaveLength(1);
  });

  it('tells when the username is taken, and then leaves nothing behind', async () => {
    const { input } = await register();
    const clash = await register({ email: 'other@example.test', username: input.username });
    expect(clash.outcome).toBe('username_taken');
    expect(await findUserByLogin(database, { email: 'other@example.test' })).toBeNull();
    expect(await database.select().from(mailTokens)).toHaveLength(1);
  });
});

describe('verification', () => {
  it('works once, and gives one default project with its event', async () => {
    const { input } = await register();
    const results = await Promise.all([verify(input.verification.hash), verify(input.verification.hash)]);
    expect(results.filter((user) => user !== null)).toMatchObject([{ id: input.id, emailVerified: true }]);
    expect(await database.select().from(projects)).toMatchObject([{ userId: input.id, isDefault: true }]);
    const created = await database.select().from(events).where(eq(events.userId, input.id));
    expect(created).toHaveLength(2);
  });

  it('fails for an unknown or an expired token, and verifies nobody', async () => {
    const { input } = await register();
    expect(await verify('unknown')).toBeNull();
    expect(await verify(input.verification.hash, NOW + HOUR_MS)).toBeNull();
    expect(await findUser(database, input.id)).toMatchObject({ emailVerified: false });
    expect(await database.select().from(projects)).toEqual([]);
  });

  it('can be asked for again: earlier mails keep working, four at most', async () => {
    const { input } = await register();
    const add = (hash: string, now: number) =>
      addVerificationToken(database, { email: EMAIL, hash, expiresAt: NOW + HOUR_MS, now });
    for (const [index, hash] of ['a', 'b', 'c', 'd'].entries())
      expect(await add(hash, NOW + index + 1)).toBe(true);
    const left = await database.select({ hash: mailTokens.tokenHash }).from(mailTokens);
    expect(left.map(({ hash }) => hash).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(await verify(input.verification.hash)).toBeNull();
    expect(await verify('a')).not.toBeNull();
    expect(await add('e', NOW + 9)).toBe(false);
    expect(
      await addVerificationToken(database, { email: 'no@x.test', hash: 'f', expiresAt: 1, now: 0 }),
    ).toBe(false);
  });
});

describe('accounts', () => {
  it('compare e-mail addresses in lower case and usernames exactly', async () => {
    await register({ username: 'Ann-1234' });
    expect(await findUserByLogin(database, { email: 'Ann@Example.TEST' })).not.toBeNull();
    expect(await findUserByLogin(database, { username: 'Ann-1234' })).not.toBeNull();
    expect(await findUserByLogin(database, { username: 'ann-1234' })).toBeNull();
  });

  it('end all sessions by growing their generation, each time', async () => {
    const { input } = await register();
    await Promise.all([endSessions(database, input.id, NOW), endSessions(database, input.id, NOW)]);
    expect(await findUser(database, input.id)).toMatchObject({ sessionGeneration: 3 });
  });

  it('renew a hash only while it is the one that was verified', async () => {
    const { input } = await register();
    await renewPasswordHash(database, input.id, 'another', 'stolen');
    expect(await findUser(database, input.id)).toMatchObject({ passwordHash: input.passwordHash });
    await renewPasswordHash(database, input.id, input.passwordHash, 'renewed');
    expect(await findUser(database, input.id)).toMatchObject({ passwordHash: 'renewed' });
  });
});

describe('login history', () => {
  const attempt = (userId: string, succeeded: boolean, now: number) => ({
    id: freshId(),
    userId,
    clientAddress: `10.0.0.${now % 256}`,
    userAgent: 'x'.repeat(300),
    succeeded,
    now,
  });

  it('answers the five latest successes and the default project', async () => {
    const { input } = await register();
    await verify(input.verification.hash);
    for (let at = 1; at <= 7; at += 1) await recordLogin(database, attempt(input.id, at !== 6, at));
    const facts = await loadLoginFacts(database, input.id, NOW);
    expect(facts.recentLogins.map(({ createdAt }) => createdAt)).toEqual([7, 5, 4, 3, 2]);
    expect(facts).toMatchObject({
      authTokenCount: 0,
      project: { alias: 'default' },
      container: null,
      server: null,
    });
  });

  it('keeps 200 failures an hour and nothing older than 180 days', async () => {
    const { input } = await register();
    await recordLogin(database, attempt(input.id, true, NOW - 181 * 24 * HOUR_MS));
    for (let index = 0; index < 205; index += 1)
      await recordLogin(database, attempt(input.id, false, NOW + index));
    expect(await database.select().from(loginHistory)).toHaveLength(200);
    await recordLogin(database, attempt(input.id, true, NOW + 300));
    await recordLogin(database, attempt(input.id, false, NOW + 2 * HOUR_MS));
    expect(await database.select().from(loginHistory)).toHaveLength(202);
  });
});
