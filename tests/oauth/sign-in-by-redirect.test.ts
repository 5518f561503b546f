/** Sign-in at GitHub and Google in a browser, against a real provider, over the whole stack. */
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP, failed, fragmentOf, OTHER_APP, pkce, startWorld, textAt, type World } from './world.ts';
import type { Browser, PageAnswer } from './browser.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 90_000);
afterAll(() => world?.release());

type Name = 'github' | 'google';
const start = (name: Name, challenge: string, redirectUri = APP): string =>
  `${world.origin}/api/v1/auth/${name}?${new URLSearchParams({ redirect_uri: redirectUri, code_challenge: challenge })}`;

async function signIn(name: Name, account: string, challenge: string, browser: Browser = world.browser()) {
  const page = await browser.go(start(name, challenge), { from: 'https://app.example.test' });
  return world.signInAt(browser, page, account);
}
async function intentOf(name: Name, account: string, challenge: string): Promise<string> {
  const ended = await signIn(name, account, challenge);
  expect(ended.url.href.startsWith(`${APP}#`), ended.text).toBe(true);
  return fragmentOf(ended)['intent'] ?? '';
}
const authorize = (intent: string, challenge: string, redirectUri = APP) =>
  world.call('POST', '/auth/authorize', {
    bearer: intent,
    body: { code_challenge: challenge, redirect_uri: redirectUri },
  });
const exchange = (code: string, verifier: string, redirectUri = APP) =>
  world.call('POST', '/auth/exchange', {
    body: { code, code_verifier: verifier, redirect_uri: redirectUri },
  });
async function tokensOf(name: Name, account: string) {
  const { verifier, challenge } = pkce();
  const code = textAt(await authorize(await intentOf(name, account, challenge), challenge), 'data', 'code');
  const answer = await exchange(code, verifier);
  expect(answer.status, answer.text).toBe(200);
  return answer;
}
const userOf = async (email: string) => {
  const [user] = await world.database.select().from(schema.users).where(eq(schema.users.email, email));
  if (user === undefined) throw new Error(`no account of ${email}`);
  return user;
};
const state = (answer: PageAnswer): string =>
  new URL(String(answer.headers['location'])).searchParams.get('state') ?? '';

describe.each(['github', 'google'] as const)('sign-in with %s', (name) => {
  it('makes an account for a verified address and ends in tokens for the application', async () => {
    const account = world.newAccount();
    const answer = await tokensOf(name, account.id);
    expect(answer.json).toMatchObject({
      data: {
        user: { email: account.email, email_verified: true, signup_method: name },
        project: { alias: 'default' },
        expires_in: 86_400,
      },
    });
    const me = await world.call('GET', '/users/auth/me', { bearer: textAt(answer, 'data', 'token') });
    expect(me).toMatchObject({ status: 200, json: { data: { email: account.email } } });
    const identities = await world.database
      .select()
      .from(schema.oauthIdentities)
      .where(eq(schema.oauthIdentities.userId, (await userOf(account.email)).id));
    expect(identities).toMatchObject([
      { provider: name, subject: name === 'github' ? String(account.githubId) : account.id },
    ]);
  });

  it('proves itself to the provider by PKCE as well', async () => {
    const account = world.newAccount();
    const before = world.provider.tokenRequests.length;
    await tokensOf(name, account.id);
    const [sent] = world.provider.tokenRequests.slice(before);
    expect(sent?.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('opens the same account again, also after its address changed at the provider', async () => {
    const account = world.newAccount();
    const first = await tokensOf(name, account.id);
    world.newAccount({ ...account, email: `moved-${account.email}` });
    const second = await tokensOf(name, account.id);
    expect(textAt(second, 'data', 'user', 'id')).toBe(textAt(first, 'data', 'user', 'id'));
  });

  it('opens nothing for an address that the provider has not verified', async () => {
    const account = world.newAccount({ emailVerified: false });
    const refused = await signIn(name, account.id, pkce().challenge);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
    const found = await world.database
      .select()
      .from(schema.users)
      .where(eq(schema.users.email, account.email));
    expect(found).toEqual([]);
  });

  it('tells the application when the person declines, and nothing of the provider', async () => {
    const declined = await signIn(name, '', pkce().challenge);
    expect(declined.url.href).toBe(`${APP}#error=access_denied`);
  });
});

describe('linking', () => {
  it('joins two providers of one verified address in one account', async () => {
    const account = world.newAccount();
    const byGithub = await tokensOf('github', account.id);
    const byGoogle = await tokensOf('google', account.id);
    expect(textAt(byGoogle, 'data', 'user', 'id')).toBe(textAt(byGithub, 'data', 'user', 'id'));
  });

  it('opens a confirmed password account, whose password and sessions stay', async () => {
    const account = world.newAccount();
    const body = { email: account.email, password: 'Own-password-1' };
    await world.call('POST', '/auth/signup', { body });
    const token = await world.mailedToken(account.email);
    const verified = await world.call('POST', '/auth/verify-email', { body: { token } });
    const bearer = textAt(verified, 'data', 'token');
    const answer = await tokensOf('google', account.id);
    expect(textAt(answer, 'data', 'user', 'id')).toBe(textAt(verified, 'data', 'user', 'id'));
    expect((await world.call('POST', '/users/auth/login', { body })).status).toBe(200);
    expect((await world.call('GET', '/users/auth/me', { bearer })).status).toBe(200);
  });

  it('takes from a stranger what they prepared under an address that is not theirs', async () => {
    const account = world.newAccount();
    const password = 'Planted-password-1';
    const body = { email: account.email, password };
    expect((await world.call('POST', '/auth/signup', { body })).status).toBe(200);
    const prepared = await userOf(account.email);
    const mails = () =>
      world.database.select().from(schema.mailTokens).where(eq(schema.mailTokens.userId, prepared.id));
    expect(await mails()).toHaveLength(1);
    const answer = await tokensOf('github', account.id);
    expect(textAt(answer, 'data', 'user', 'id')).toBe(prepared.id);
    expect(await mails()).toEqual([]);
    expect(await world.call('POST', '/users/auth/login', { body })).toMatchObject(
      failed(401, 'INVALID_CREDENTIALS'),
    );
    expect((await userOf(account.email)).sessionGeneration).toBe(prepared.sessionGeneration + 1);
  });

  it('does not let a second account of the provider into one that another opens', async () => {
    const account = world.newAccount();
    await tokensOf('google', account.id);
    const second = world.newAccount({ email: account.email });
    const refused = await signIn('google', second.id, pkce().challenge);
    expect(refused.status).toBe(403);
  });

  it('keeps banned users out', async () => {
    const account = world.newAccount();
    const { challenge, verifier } = pkce();
    const intent = await intentOf('github', account.id, challenge);
    const second = pkce();
    const code = textAt(
      await authorize(await intentOf('github', account.id, second.challenge), second.challenge),
      'data',
      'code',
    );
    await world.database
      .update(schema.users)
      .set({ isBanned: true })
      .where(eq(schema.users.email, account.email));
    expect((await signIn('github', account.id, challenge)).status).toBe(403);
    expect(await authorize(intent, challenge)).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(await exchange(code, second.verifier)).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(verifier).not.toBe('');
  });
});

describe('the way to the provider', () => {
  it.each([
    ['http://app.example.test/callback', 'plain http'],
    ['https://app.example.test/callback/', 'a longer path'],
    ['https://app.example.test/callback?next=x', 'an added query'],
    ['https://app.example.test/callback#x', 'a fragment'],
    ['https://app.example.test@evil.test/callback', 'an allowed host as user name'],
    ['https://app.example.test.evil.test/callback', 'an allowed host as a label'],
    ['https://evil.test/https://app.example.test/callback', 'an allowed URI as a path'],
    ['https://APP.example.test/callback', 'another case'],
    ['https://app.example.test/callback\\@evil.test', 'a backslash'],
    ['//app.example.test/callback', 'no scheme'],
    ['javascript:alert(1)//https://app.example.test/callback', 'a script'],
  ])('refuses the redirect URI %s (%s)', async (redirectUri) => {
    const query = new URLSearchParams({ redirect_uri: redirectUri, code_challenge: pkce().challenge });
    const answer = await world.call('GET', `/auth/github?${query}`);
    expect(answer).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(answer.headers['location']).toBeUndefined();
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it.each(['', 'short', 'a'.repeat(43), `${'A'.repeat(42)}B`, '!'.repeat(43)])(
    'refuses the challenge "%s", which no SHA-256 has',
    async (challenge) => {
      const query = new URLSearchParams({ redirect_uri: APP, code_challenge: challenge });
      expect(await world.call('GET', `/auth/google?${query}`)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    },
  );

  it('goes over the base host, whose cookie comes back, also from the host of a realm', async () => {
    const query = new URLSearchParams({ redirect_uri: APP, code_challenge: pkce().challenge });
    const host = `${'a1'.repeat(12)}.${new URL(world.origin).host}`;
    const answer = await world.call('GET', `/auth/github?${query}`, { host });
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(`${world.origin}/api/v1/auth/github?${query}`);
  });

  it('builds its addresses from the configuration, whatever Host header a client forges', async () => {
    const query = new URLSearchParams({ redirect_uri: APP, code_challenge: pkce().challenge });
    const headers = { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' };
    const answer = await world.call('GET', `/auth/github?${query}`, { host: 'evil.test', headers });
    const callback = new URL(String(answer.headers['location'])).searchParams.get('redirect_uri') ?? '';
    expect(new URL(callback).hostname).toBe('api.localhost');
  });
});

describe('the state', () => {
  async function begun() {
    const browser = world.browser();
    const first = await browser.once(start('google', pkce().challenge));
    return { browser, state: state(first) };
  }
  const callback = (name: Name, query: Record<string, string>): string =>
    `${world.origin}/api/v1/auth/${name}/callback?${new URLSearchParams(query)}`;

  it('is bound to the browser that began: no other can finish or spoil the sign-in', async () => {
    const account = world.newAccount();
    const victim = world.browser();
    const page = await victim.go(start('google', pkce().challenge));
    // The attacker learns the whole callback URL of the victim, code and state, and visits it first.
    const sent = await victim.once(page.url, { form: { account: account.id }, from: world.provider.origin });
    const resumed = await victim.once(String(sent.headers['location']), { from: world.provider.origin });
    const address = String(resumed.headers['location']);
    expect(address).toContain('/google/callback?');
    for (const attacker of [world.browser(), (await begun()).browser]) {
      const stolen = await attacker.once(address, { from: world.provider.origin });
      expect(stolen.status).toBe(400);
    }
    const finished = await victim.go(address, { from: world.provider.origin });
    expect(fragmentOf(finished)).toMatchObject({ intent: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('refuses a code that was obtained in another browser: PKCE binds the two', async () => {
    const attackerAccount = world.newAccount();
    const attacker = world.browser();
    const page = await attacker.go(start('google', pkce().challenge));
    const sent = await attacker.once(page.url, {
      form: { account: attackerAccount.id },
      from: world.provider.origin,
    });
    const resumed = await attacker.once(String(sent.headers['location']), { from: world.provider.origin });
    const code = new URL(String(resumed.headers['location'])).searchParams.get('code') ?? '';
    expect(code).not.toBe('');
    // Login CSRF: the attacker's code with the victim's own state, in the victim's browser.
    const victim = await begun();
    const answer = await victim.browser.once(callback('google', { code, state: victim.state }));
    expect(answer.status).toBe(401);
  });

  it('works once, for one provider', async () => {
    const { browser, state: text } = await begun();
    const wrongProvider = await browser.once(callback('github', { state: text, code: 'x' }));
    expect(wrongProvider.status).toBe(400);
    const declined = await browser.once(callback('google', { state: text, error: 'access_denied' }));
    expect(declined.headers['location']).toBe(`${APP}#error=access_denied`);
    const again = await browser.once(callback('google', { state: text, error: 'access_denied' }));
    expect(again.status).toBe(400);
  });

  it.each(['', 'x', '0'.repeat(64), '../../etc', 'a'.repeat(300)])('refuses the state "%s"', async (text) => {
    const { browser } = await begun();
    const answer = await browser.once(callback('google', { state: text, code: 'x' }));
    expect(answer.status).toBe(400);
    expect(answer.headers['location']).toBeUndefined();
  });

  it("does not pass on a provider's words, nor let a made-up error choose where to go", async () => {
    const { browser, state: text } = await begun();
    const answer = await browser.once(
      callback('google', {
        state: text,
        error: 'x&intent=stolen',
        error_description: '<script>',
        redirect_uri: 'https://evil.test',
      }),
    );
    expect(answer.headers['location']).toBe(`${APP}#error=provider_error`);
  });

  it('expires', async () => {
    const { browser, state: text } = await begun();
    await world.database.update(schema.signInSteps).set({ expiresAt: Date.now() - 1 });
    const answer = await browser.once(callback('google', { state: text, error: 'access_denied' }));
    expect(answer.status).toBe(400);
    await world.stack.runScheduled();
    expect(await world.database.select().from(schema.signInSteps)).toEqual([]);
  });

  it('is kept as a hash only, as are cookies, intents and codes', async () => {
    const { browser, state: text } = await begun();
    const account = world.newAccount();
    const { challenge } = pkce();
    const intent = await intentOf('github', account.id, challenge);
    const second = pkce();
    const answer = await authorize(await intentOf('github', account.id, second.challenge), second.challenge);
    const kept = JSON.stringify(await world.database.select().from(schema.signInSteps));
    const secrets = [
      text,
      intent,
      textAt(answer, 'data', 'code'),
      ...Object.values(browser.cookies(world.origin)),
    ];
    for (const secret of secrets) {
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(kept).not.toContain(secret);
    }
  });
});

describe('intent and code', () => {
  async function intent() {
    const account = world.newAccount();
    const pair = pkce();
    return { ...pair, account, intent: await intentOf('google', account.id, pair.challenge) };
  }

  it('gives a code for the challenge that the sign-in began with, and for no other', async () => {
    const { intent: token, challenge } = await intent();
    expect(await authorize(token, pkce().challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await authorize(token, challenge, 'https://evil.test/')).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    const answer = await authorize(token, challenge, OTHER_APP);
    const code = textAt(answer, 'data', 'code');
    expect(textAt(answer, 'data', 'redirect_url')).toBe(`${OTHER_APP}&code=${code}`);
    // Used up.
    expect(await authorize(token, challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
  });

  it('exchanges a code once, with its verifier and its redirect URI; an attempt uses it up', async () => {
    const wrongs: ((code: string, verifier: string) => Promise<unknown>)[] = [
      (code) => exchange(code, pkce().verifier),
      (code, verifier) => exchange(code, verifier, OTHER_APP),
      async (code, verifier) => {
        expect((await exchange(code, verifier)).status).toBe(200);
        return exchange(code, verifier);
      },
    ];
    for (const wrong of wrongs) {
      const { intent: token, challenge, verifier } = await intent();
      const code = textAt(await authorize(token, challenge), 'data', 'code');
      expect(await wrong(code, verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
      expect(await exchange(code, verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
  });

  it('lets one of many simultaneous exchanges win', async () => {
    const { intent: token, challenge, verifier } = await intent();
    const code = textAt(await authorize(token, challenge), 'data', 'code');
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(code, verifier)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('does not take the challenge in the place of the verifier ("plain")', async () => {
    const { intent: token, challenge } = await intent();
    const code = textAt(await authorize(token, challenge), 'data', 'code');
    expect(await exchange(code, challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('dies with logout-all, be it an intent or a code', async () => {
    const one = await intent();
    const { account } = one;
    const pair = pkce();
    const second = await intentOf('google', account.id, pair.challenge);
    const code = textAt(await authorize(second, pair.challenge), 'data', 'code');
    const bearer = textAt(await tokensOf('google', account.id), 'data', 'token');
    expect((await world.call('POST', '/users/auth/logout', { bearer })).status).toBe(200);
    expect(await authorize(one.intent, one.challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await exchange(code, pair.verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('is no credential for anything else', async () => {
    const { intent: token } = await intent();
    expect(await world.call('GET', '/users/auth/me', { bearer: token })).toMatchObject(
      failed(401, 'INVALID_TOKEN'),
    );
  });

  it('can be cancelled, as often as one likes', async () => {
    const { intent: token, challenge } = await intent();
    const cancel = (bearer?: string) =>
      world.call('POST', '/auth/intent/cancel', bearer === undefined ? {} : { bearer });
    expect((await cancel(token)).status).toBe(200);
    expect((await cancel(token)).status).toBe(200);
    expect(await authorize(token, challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await cancel()).toMatchObject(failed(401, 'MISSING_TOKEN'));
    expect(await cancel('a.b.c')).toMatchObject(failed(401, 'INVALID_TOKEN'));
  });

  it('comes of a password as well, when the client asks for it', async () => {
    const { username, password } = world.stack.bootstrap.users[0] ?? { username: '', password: '' };
    const { challenge, verifier } = pkce();
    const login = await world.call('POST', '/users/auth/login', {
      body: { username, password, response_mode: 'intent', code_challenge: challenge },
    });
    expect(login).toMatchObject({ status: 200, json: { data: { user: { username } } } });
    expect(login.text).not.toContain('refreshToken');
    const token = textAt(login, 'data', 'auth_intent_token');
    expect(await authorize(token, pkce().challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const code = textAt(await authorize(token, challenge), 'data', 'code');
    expect(await exchange(code, verifier)).toMatchObject({
      status: 200,
      json: { data: { user: { username } } },
    });
  });
});

it('tells what it offers', async () => {
  expect(await world.call('GET', '/auth/config')).toMatchObject({
    status: 200,
    json: {
      data: {
        password: { enabled: true },
        github: { enabled: true, authorize_url: `${world.origin}/api/v1/auth/github` },
        google: { enabled: true },
        launch: { enabled: true },
        device: { enabled: true, verification_uri: `${world.origin}/api/v1/auth/device` },
      },
    },
  });
});
