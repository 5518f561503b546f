/** Sign-in at GitHub and Google in a browser, against a real provider, over the whole stack. */
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/api-client.ts';
import { RedirectFlow } from './redirect-flow.ts';
import { APP, failed, pkce, startWorld, textAt, type World } from './world.ts';

let world: World;
let flow: RedirectFlow;
beforeAll(async () => {
  world = await startWorld();
  flow = new RedirectFlow(world);
}, 90_000);
afterAll(() => world?.release());

describe.each(['github', 'google'] as const)('sign-in with %s', (name) => {
  it('makes an account for a verified address and ends in tokens for the application', async () => {
    const account = world.newAccount();
    const answer = await flow.tokensOf(name, account.id);
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
      .where(eq(schema.oauthIdentities.userId, (await flow.userOf(account.email)).id));
    expect(identities).toMatchObject([
      { provider: name, subject: name === 'github' ? String(account.githubId) : account.id },
    ]);
  });

  it('proves itself to the provider by PKCE as well', async () => {
    const account = world.newAccount();
    const before = world.provider.tokenRequests.length;
    await flow.tokensOf(name, account.id);
    const [sent] = world.provider.tokenRequests.slice(before);
    expect(sent?.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('opens the same account again, also after its address changed at the provider', async () => {
    const account = world.newAccount();
    const first = await flow.tokensOf(name, account.id);
    world.newAccount({ ...account, email: `moved-${account.email}` });
    const second = await flow.tokensOf(name, account.id);
    expect(textAt(second, 'data', 'user', 'id')).toBe(textAt(first, 'data', 'user', 'id'));
  });

  it('opens nothing for an address that the provider has not verified', async () => {
    const account = world.newAccount({ emailVerified: false });
    const refused = await flow.signIn(name, account.id, pkce().challenge);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
    const found = await world.database
      .select()
      .from(schema.users)
      .where(eq(schema.users.email, account.email));
    expect(found).toEqual([]);
  });

  it('tells the application when the person declines, and nothing of the provider', async () => {
    const declined = await flow.signIn(name, '', pkce().challenge);
    expect(declined.url.href).toBe(`${APP}#error=access_denied`);
  });
});

describe('linking', () => {
  it('joins two providers of one verified address in one account', async () => {
    const account = world.newAccount();
    const byGithub = await flow.tokensOf('github', account.id);
    const byGoogle = await flow.tokensOf('google', account.id);
    expect(textAt(byGoogle, 'data', 'user', 'id')).toBe(textAt(byGithub, 'data', 'user', 'id'));
  });

  it('opens a confirmed password account, whose password and sessions stay', async () => {
    const account = world.newAccount();
    const body = { email: account.email, password: 'Own-password-1' };
    await world.call('POST', '/auth/signup', { body });
    const token = await world.mailedToken(account.email);
    const verified = await world.call('POST', '/auth/verify-email', { body: { token } });
    const bearer = textAt(verified, 'data', 'token');
    const answer = await flow.tokensOf('google', account.id);
    expect(textAt(answer, 'data', 'user', 'id')).toBe(textAt(verified, 'data', 'user', 'id'));
    expect((await world.call('POST', '/users/auth/login', { body })).status).toBe(200);
    expect((await world.call('GET', '/users/auth/me', { bearer })).status).toBe(200);
  });

  it('takes from a stranger what they prepared under an address that is not theirs', async () => {
    const account = world.newAccount();
    const password = 'Planted-password-1';
    const body = { email: account.email, password };
    expect((await world.call('POST', '/auth/signup', { body })).status).toBe(200);
    const prepared = await flow.userOf(account.email);
    const mails = () =>
      world.database.select().from(schema.mailTokens).where(eq(schema.mailTokens.userId, prepared.id));
    expect(await mails()).toHaveLength(1);
    const answer = await flow.tokensOf('github', account.id);
    expect(textAt(answer, 'data', 'user', 'id')).toBe(prepared.id);
    expect(await mails()).toEqual([]);
    expect(await world.call('POST', '/users/auth/login', { body })).toMatchObject(
      failed(401, 'INVALID_CREDENTIALS'),
    );
    expect((await flow.userOf(account.email)).sessionGeneration).toBe(prepared.sessionGeneration + 1);
  });

  it('takes an address for no other one that only looks the same in lower case', async () => {
    const victim = world.newAccount();
    await flow.tokensOf('github', victim.id);
    // The Kelvin sign becomes an ordinary k in lower case.
    const target = world.newAccount({ email: `k-${victim.email}` });
    await flow.tokensOf('github', target.id);
    const attacker = world.newAccount({ email: `\u212A-${victim.email}` });
    const refused = await flow.signIn('google', attacker.id, pkce().challenge);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
  });

  it('hands an invite code on to the account that it makes', async () => {
    const account = world.newAccount();
    const browser = world.browser();
    const page = await browser.go(`${flow.start('google', pkce().challenge)}&invite_code=no-such-code`);
    await world.signInAt(browser, page, account.id);
    await eventually('the code was tried', async () =>
      (await flow.userOf(account.email)).signupCodeFailed ? true : undefined,
    );
  });

  it('does not let a second account of the provider into one that another opens', async () => {
    const account = world.newAccount();
    await flow.tokensOf('google', account.id);
    const second = world.newAccount({ email: account.email });
    const refused = await flow.signIn('google', second.id, pkce().challenge);
    expect(refused.status).toBe(403);
  });

  it('keeps banned users out', async () => {
    const account = world.newAccount();
    const { challenge, verifier } = pkce();
    const intent = await flow.intentOf('github', account.id, challenge);
    const second = pkce();
    const code = textAt(
      await flow.authorize(await flow.intentOf('github', account.id, second.challenge), second.challenge),
      'data',
      'code',
    );
    await world.database
      .update(schema.users)
      .set({ isBanned: true })
      .where(eq(schema.users.email, account.email));
    expect((await flow.signIn('github', account.id, challenge)).status).toBe(403);
    expect(await flow.authorize(intent, challenge)).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(await flow.exchange(code, second.verifier)).toMatchObject(failed(403, 'ACCOUNT_BANNED'));
    expect(verifier).not.toBe('');
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
