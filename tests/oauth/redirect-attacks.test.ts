/** What attackers try with redirect URIs, states and codes of a provider. */
import { schema } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PageAnswer } from './browser.ts';
import { RedirectFlow, type ProviderName } from './redirect-flow.ts';
import { APP, failed, fragmentOf, pkce, startWorld, textAt, type World } from './world.ts';

let world: World;
let flow: RedirectFlow;
beforeAll(async () => {
  world = await startWorld();
  flow = new RedirectFlow(world);
}, 90_000);
afterAll(() => world?.release());

const state = (answer: PageAnswer): string =>
  new URL(String(answer.headers['location'])).searchParams.get('state') ?? '';

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
    const first = await browser.once(flow.start('google', pkce().challenge));
    return { browser, state: state(first) };
  }
  const callback = (name: ProviderName, query: Record<string, string>): string =>
    `${world.origin}/api/v1/auth/${name}/callback?${new URLSearchParams(query)}`;

  it('is bound to the browser that began: no other can finish or spoil the sign-in', async () => {
    const account = world.newAccount();
    const victim = world.browser();
    const page = await victim.go(flow.start('google', pkce().challenge));
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
    const page = await attacker.go(flow.start('google', pkce().challenge));
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

  it('is refused with a page to a person, as JSON to a program', async () => {
    const { browser } = await begun();
    const address = callback('google', { state: '"><script>', code: 'x' });
    const shown = await browser.once(address, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(shown).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(String(shown.headers['content-security-policy'])).toContain("default-src 'none'");
    expect(shown.text).toContain('begin anew');
    expect(shown.text).not.toContain('<script>');
    expect(JSON.parse((await browser.once(address)).text)).toMatchObject({ code: 'VALIDATION_ERROR' });
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
    const intent = await flow.intentOf('github', account.id, challenge);
    const second = pkce();
    const answer = await flow.authorize(
      await flow.intentOf('github', account.id, second.challenge),
      second.challenge,
    );
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
