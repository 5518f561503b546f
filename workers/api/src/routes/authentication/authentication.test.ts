import { randomObjectId } from '@control-plane/serving';
import { hashSecret, newAuthToken, secureRandom } from '@control-plane/auth';
import { createAuthToken, schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getAvailableRegions } from './get-available-regions.ts';
import { getCurrentUser } from './get-current-user.ts';
import { getOAuthConfig } from './get-oauth-config.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { refresh } from './refresh.ts';
import { resendVerification } from './resend-verification.ts';
import { signup } from './signup.ts';
import { freshPassword, openStage, type Outcome, type Stage } from './test-context.ts';
import { verifyEmail } from './verify-email.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.dispose());

let drawn = 0;
/** A client address that no limiter has counted yet. */
function freshAddress(): string {
  drawn += 1;
  return `198.51.${Math.floor(drawn / 256)}.${drawn % 256}`;
}
const failure = (code: string) => ({ ok: false, error: { code } });
function text(outcome: Outcome, key: string): string {
  const value = outcome.ok ? outcome.data[key] : undefined;
  if (typeof value !== 'string') throw new Error(`no ${key} in ${JSON.stringify(outcome)}`);
  return value;
}
const mailFor = (email: string) => stage.mails.findLast((mail) => mail.to === email);

async function signedUp() {
  const email = `person-${randomObjectId()}@example.test`;
  const password = freshPassword();
  const outcome = await stage.call(signup, { body: { email, password }, clientAddress: freshAddress() });
  expect(outcome).toMatchObject({ ok: true, data: { email } });
  const token = mailFor(email)?.token ?? '';
  return { email, password, token };
}
async function verified() {
  const account = await signedUp();
  const session = await stage.call(verifyEmail, {
    body: { token: account.token },
    clientAddress: freshAddress(),
  });
  const [user] = await stage.database
    .select()
    .from(schema.users)
    .where(eq(schema.users.email, account.email));
  if (user === undefined) throw new Error('the account is missing');
  return { ...account, session, user, bearer: `Bearer ${text(session, 'token')}` };
}
const me = (authorization?: string) =>
  stage.call(getCurrentUser, authorization === undefined ? {} : { authorization });
const ban = (userId: string) =>
  stage.database.update(schema.users).set({ isBanned: true }).where(eq(schema.users.id, userId));

describe('signup', () => {
  it('mails a token that opens a whole session, with a default project', async () => {
    const { email, session } = await verified();
    expect(mailFor(email)).toMatchObject({
      kind: 'verify_email',
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
      url: expect.stringContaining('https://api.example.test/'),
    });
    expect(session).toMatchObject({
      ok: true,
      data: {
        expires_in: 86_400,
        refresh_expires_in: 604_800,
        recent_login_ips: [{ ip: expect.any(String) }],
        auth_token_count: 0,
        user: {
          email,
          email_verified: true,
          username: expect.stringMatching(/^person-[0-9a-f]+-[0-9a-f]{4}$/),
        },
        server: null,
        project: { alias: 'default' },
        container: null,
      },
    });
  });

  it('answers the same for an address that is taken, and neither changes it nor mails it', async () => {
    const { email, password } = await verified();
    const before = stage.mails.length;
    const again = { email: email.toUpperCase(), password: freshPassword() };
    expect(await stage.call(signup, { body: again, clientAddress: freshAddress() })).toMatchObject({
      ok: true,
    });
    expect(stage.mails).toHaveLength(before);
    expect(await stage.call(login, { body: { email, password } })).toMatchObject({ ok: true });
    expect(await stage.call(login, { body: { email, password: again.password } })).toMatchObject(
      failure('INVALID_CREDENTIALS'),
    );
  });

  it.each(['alllowercaseletters', 'lowercaseand1234567'])('refuses the password %s', async (password) => {
    const email = `weak-${randomObjectId()}@example.test`;
    const outcome = await stage.call(signup, { body: { email, password }, clientAddress: freshAddress() });
    expect(outcome).toMatchObject(failure('VALIDATION_ERROR'));
    expect(mailFor(email)).toBeUndefined();
  });

  it('is limited to 5 an hour for one client, with the time to wait', async () => {
    const clientAddress = freshAddress();
    const attempt = () =>
      stage.call(signup, {
        body: { email: `many-${randomObjectId()}@example.test`, password: freshPassword() },
        clientAddress,
      });
    for (let index = 0; index < 5; index += 1) expect(await attempt()).toMatchObject({ ok: true });
    expect(await attempt()).toMatchObject({
      ok: false,
      error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterSeconds: 3600 },
    });
  });
});

describe('verification', () => {
  it('works once', async () => {
    const { token } = await verified();
    const again = await stage.call(verifyEmail, { body: { token }, clientAddress: freshAddress() });
    expect(again).toMatchObject(failure('VALIDATION_ERROR'));
  });

  it('can be mailed again; the answer is the same for everybody', async () => {
    const { email } = await signedUp();
    const first = mailFor(email)?.token;
    const clientAddress = freshAddress();
    const resend = (address: string) =>
      stage.call(resendVerification, { body: { email: address }, clientAddress });
    expect(await resend(email)).toEqual(await resend('nobody@example.test'));
    expect(mailFor('nobody@example.test')).toBeUndefined();
    expect(mailFor(email)?.token).not.toBe(first);
    await resend(email);
    expect(await resend(email)).toMatchObject(failure('RATE_LIMIT_EXCEEDED'));
  });
});

describe('login', () => {
  it('takes the e-mail address in any case, the username exactly', async () => {
    const { email, password, user } = await verified();
    const tryWith = (name: object) => stage.call(login, { body: { ...name, password } });
    expect(await tryWith({ email: email.toUpperCase() })).toMatchObject({ ok: true });
    expect(await tryWith({ username: user.username })).toMatchObject({ ok: true });
    expect(await tryWith({ username: user.username.toUpperCase() })).toMatchObject(
      failure('INVALID_CREDENTIALS'),
    );
  });

  it('answers a wrong password and an unknown account alike', async () => {
    const { email } = await verified();
    const wrong = await stage.call(login, { body: { email, password: 'not the password' } });
    const unknown = await stage.call(login, {
      body: { email: 'nobody@example.test', password: 'not the password' },
    });
    expect(wrong).toEqual(unknown);
    expect(wrong).toMatchObject(failure('INVALID_CREDENTIALS'));
  });

  it('tells an unverified or banned owner, and only them', async () => {
    const unverified = await signedUp();
    const { email, password } = unverified;
    expect(await stage.call(login, { body: { email, password } })).toMatchObject(
      failure('EMAIL_NOT_VERIFIED'),
    );
    expect(await stage.call(login, { body: { email, password: 'wrong-wrong' } })).toMatchObject(
      failure('INVALID_CREDENTIALS'),
    );
    const banned = await verified();
    await ban(banned.user.id);
    expect(
      await stage.call(login, { body: { email: banned.email, password: banned.password } }),
    ).toMatchObject(failure('ACCOUNT_BANNED'));
  });

  it('answers an intent and no tokens where the client asks for it, bound to its challenge', async () => {
    const { email, password, user } = await verified();
    const challenge = 'A'.repeat(43);
    const outcome = await stage.call(login, {
      body: { email, password, response_mode: 'intent', code_challenge: challenge },
    });
    expect(Object.keys(outcome.ok ? outcome.data : {}).toSorted()).toEqual(['auth_intent_token', 'user']);
    const [step] = await stage.database
      .select()
      .from(schema.signInSteps)
      .where(eq(schema.signInSteps.secretHash, hashSecret(text(outcome, 'auth_intent_token'))));
    expect(step).toMatchObject({ kind: 'intent', userId: user.id, codeChallenge: challenge });
  });

  it('answers an intent to the token of a mail as well', async () => {
    const { token } = await signedUp();
    const body = { token, response_mode: 'intent' };
    const outcome = await stage.call(verifyEmail, { body, clientAddress: freshAddress() });
    expect(Object.keys(outcome.ok ? outcome.data : {}).toSorted()).toEqual(['auth_intent_token', 'user']);
  });

  it('ignores a stale credential in the header', async () => {
    const { email, password } = await verified();
    const outcome = await stage.call(login, { body: { email, password }, authorization: 'Bearer stale' });
    expect(outcome).toMatchObject({ ok: true });
  });
});

describe('refresh and logout', () => {
  it('refreshes with the body alone, or with the same token as bearer, never with another', async () => {
    const { session, bearer } = await verified();
    const refreshToken = text(session, 'refreshToken');
    const renew = (authorization?: string) =>
      stage.call(refresh, {
        body: { refreshToken },
        clientAddress: freshAddress(),
        ...(authorization === undefined ? {} : { authorization }),
      });
    const renewed = await renew();
    expect(await me(`Bearer ${text(renewed, 'token')}`)).toMatchObject({ ok: true });
    expect(await renew(`Bearer ${refreshToken}`)).toMatchObject({ ok: true });
    expect(await renew(bearer)).toMatchObject(failure('INVALID_TOKEN'));
    expect(await renew('garbage')).toMatchObject(failure('INVALID_TOKEN'));
  });

  it('refuses an access token where a refresh token belongs, and the reverse', async () => {
    const { session } = await verified();
    const body = { refreshToken: text(session, 'token') };
    expect(await stage.call(refresh, { body, clientAddress: freshAddress() })).toMatchObject(
      failure('INVALID_TOKEN'),
    );
    expect(await me(`Bearer ${text(session, 'refreshToken')}`)).toMatchObject(failure('INVALID_TOKEN'));
  });

  it('ends every session of the user at logout, and leaves others alone', async () => {
    const one = await verified();
    const two = await verified();
    const other = await stage.call(login, { body: { email: one.email, password: one.password } });
    expect(await stage.call(logout, { authorization: one.bearer })).toMatchObject({ ok: true });
    expect(await me(one.bearer)).toMatchObject(failure('INVALID_TOKEN'));
    expect(await me(`Bearer ${text(other, 'token')}`)).toMatchObject(failure('INVALID_TOKEN'));
    const body = { refreshToken: text(one.session, 'refreshToken') };
    expect(await stage.call(refresh, { body, clientAddress: freshAddress() })).toMatchObject(
      failure('INVALID_TOKEN'),
    );
    expect(await me(two.bearer)).toMatchObject({ ok: true });
    expect(await stage.call(login, { body: { email: one.email, password: one.password } })).toMatchObject({
      ok: true,
    });
  });

  it('lets banned users read their profile and log out, and nothing refreshes', async () => {
    const { user, bearer, session } = await verified();
    await ban(user.id);
    expect(await me(bearer)).toMatchObject({ ok: true, data: { is_banned: true } });
    const body = { refreshToken: text(session, 'refreshToken') };
    expect(await stage.call(refresh, { body, clientAddress: freshAddress() })).toMatchObject(
      failure('ACCOUNT_BANNED'),
    );
    expect(await stage.call(logout, { authorization: bearer })).toMatchObject({ ok: true });
  });
});

describe('the profile', () => {
  async function tokenOf(userId: string, permissions: object): Promise<string> {
    const secret = newAuthToken({ random: secureRandom });
    const row = {
      id: secret.id,
      alias: secret.id,
      secretHash: secret.hash,
      publicKey: null,
      publicStorage: null,
      ipWhitelist: ['*'],
      realmIds: [],
      allowNoRealm: true,
      permissions,
      vaultAccess: false,
      eventAccess: true,
      createdByTokenId: null,
      delegationDepth: 0,
      expiresAt: null,
      deniesReauthorization: false,
    };
    const event = {
      id: randomObjectId(),
      userId,
      eventType: 'auth.token.created',
      resourceType: 'auth_token',
      resourceId: secret.id,
      payload: {},
      realmIds: [],
      now: Date.now(),
    };
    await createAuthToken(stage.database, { userId, realmId: null }, row, event);
    return secret.text;
  }

  it('is whole for the user and for a token with resources.read_account, else shrunk', async () => {
    const { user, bearer, email } = await verified();
    const whole = await tokenOf(user.id, { resources: { read_account: true } });
    const shrunk = await tokenOf(user.id, {});
    expect(await me(bearer)).toMatchObject({ ok: true, data: { email } });
    expect(await me(whole)).toMatchObject({
      ok: true,
      data: { email, auth_token: { token: { alias: expect.any(String) } } },
    });
    const seen = await me(shrunk);
    expect(Object.keys(seen.ok ? seen.data : {}).toSorted()).toEqual([
      'alias',
      'auth_token',
      'created_at',
      'id',
      'updated_at',
      'username',
    ]);
  });

  it('takes Basic with a password or a token, and no session ends by a token', async () => {
    const { user, bearer, email, password } = await verified();
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    const token = await tokenOf(user.id, {});
    for (const pair of [`${user.username}:${password}`, `${email}:${password}`, `x:${token}`, `${token}:x`]) {
      expect(await me(basic(pair))).toMatchObject({ ok: true, data: { id: user.id } });
    }
    expect(await me(basic(`${email}:wrong-wrong`))).toMatchObject(failure('INVALID_CREDENTIALS'));
    expect(await stage.call(logout, { authorization: token })).toMatchObject({ ok: true });
    expect(await me(bearer)).toMatchObject({ ok: true });
  });

  it('needs a credential', async () => {
    expect(await me()).toMatchObject(failure('MISSING_TOKEN'));
    expect(await me('bearer x')).toMatchObject(failure('INVALID_TOKEN'));
  });
});

describe('public facts', () => {
  it('lists the places of servers, available where one is ready', async () => {
    const place = { region: 'eu-west', country: 'NL', city: 'Amsterdam', createdAt: 1, updatedAt: 1 };
    await stage.database.insert(schema.servers).values([
      { ...place, id: 'a'.repeat(24), name: 'a', isReady: false },
      { ...place, id: 'b'.repeat(24), name: 'b', isReady: true },
      { ...place, id: 'c'.repeat(24), name: 'c', region: 'us-east', country: 'US', city: 'Ashburn' },
    ]);
    expect(await stage.call(getAvailableRegions)).toMatchObject({
      ok: true,
      data: {
        regions: [
          { region: 'eu-west', country: 'NL', city: 'Amsterdam', available: true },
          { region: 'us-east', country: 'US', city: 'Ashburn', available: false },
        ],
      },
    });
  });

  it('says that only passwords sign in where no provider is set', async () => {
    const outcome = await stage.call(getOAuthConfig);
    expect(outcome).toMatchObject({
      ok: true,
      data: {
        password: { enabled: true },
        github: { enabled: false },
        google: { enabled: false },
        launch: { enabled: false },
        device: { verification_uri: 'https://api.example.test/api/v1/auth/device' },
      },
    });
  });
});
