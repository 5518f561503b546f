/** Sign-in at a provider and of devices for accounts with a second factor. */
import { totpCodeAt } from '@control-plane/auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, PageAnswer } from './browser.ts';
import type { ProviderAccount } from './provider/provider.ts';
import { APP, failed, fragmentOf, pkce, startWorld, textAt, type World } from './world.ts';

interface Person {
  readonly account: ProviderAccount;
  readonly password: string;
  /** Good once each. */
  readonly backupCodes: string[];
}

let world: World;
let person: Person;
beforeAll(async () => {
  world = await startWorld();
  const account = world.newAccount();
  const password = 'Own-password-1';
  await world.call('POST', '/auth/signup', { body: { email: account.email, password } });
  const token = await world.mailedToken(account.email);
  const bearer = textAt(await world.call('POST', '/auth/verify-email', { body: { token } }), 'data', 'token');
  const setup = await world.call('POST', '/users/auth/2fa/setup', { bearer, body: { password } });
  const codes: unknown = Reflect.get(Object(Reflect.get(Object(setup.json), 'data')), 'backup_codes');
  if (!Array.isArray(codes)) throw new Error(`no backup codes in ${setup.text}`);
  const code = totpCodeAt(textAt(setup, 'data', 'manual_entry_key'), Date.now());
  const confirmed = await world.call('POST', '/users/auth/2fa/verify-setup', { bearer, body: { code } });
  if (confirmed.status !== 200) throw new Error(`no second factor: ${confirmed.text}`);
  person = { account, password, backupCodes: codes.map(String) };
}, 90_000);
afterAll(() => world?.release());

function nextCode(): string {
  const code = person.backupCodes.pop();
  if (code === undefined) throw new Error('the backup codes are spent');
  return code;
}
const verify = (tempToken: string, code: string, more: object = {}) =>
  world.call('POST', '/users/auth/2fa/verify', { body: { temp_token: tempToken, code, ...more } });
async function newDevice() {
  const answer = await world.call('POST', '/auth/device/code', { body: {} });
  return { deviceCode: textAt(answer, 'data', 'device_code'), userCode: textAt(answer, 'data', 'user_code') };
}
const poll = (deviceCode: string) =>
  world.call('POST', '/auth/device/token', { body: { device_code: deviceCode } });
const pagePath = '/api/v1/auth/device';
const submit = (browser: Browser, form: Record<string, string>) =>
  browser.once(`${world.origin}${pagePath}`, { form, from: world.origin });
const hidden = ({ text }: PageAnswer, name: string): string =>
  new RegExp(`name="${name}" value="([0-9a-f]{64})"`).exec(text)?.[1] ?? '';
async function loginOnDevice() {
  const device = await newDevice();
  const browser = world.browser();
  const pageCall = async (path: string, json: object) => {
    const answer = await browser.once(`${world.origin}${pagePath}/${path}`, { json, from: world.origin });
    return { ...answer, json: JSON.parse(answer.text) as unknown };
  };
  const ticket = textAt(await pageCall('verify_code', { user_code: device.userCode }), 'data', 'ticket');
  const { email } = person.account;
  const challenge = await pageCall('login', { ticket, email, password: person.password });
  return { ...device, browser, ticket, challenge };
}

describe('sign-in at a provider', () => {
  it('asks for the second factor, and then gives an intent only, whatever is asked for', async () => {
    const { verifier, challenge } = pkce();
    const query = new URLSearchParams({ redirect_uri: APP, code_challenge: challenge });
    const browser = world.browser();
    const page = await browser.go(`${world.origin}/api/v1/auth/google?${query}`);
    const ended = await world.signInAt(browser, page, person.account.id);
    expect(Object.keys(fragmentOf(ended))).toEqual(['2fa']);
    const tempToken = fragmentOf(ended)['2fa'] ?? '';
    const body = { code_challenge: challenge, redirect_uri: APP };
    // A temp token is no intent.
    expect(await world.call('POST', '/auth/authorize', { bearer: tempToken, body })).toMatchObject(
      failed(401, 'INVALID_TOKEN'),
    );
    const proven = await verify(tempToken, nextCode(), { response_mode: 'tokens' });
    expect(proven).toMatchObject({ status: 200 });
    expect(proven.text).not.toContain('refreshToken');
    const bearer = textAt(proven, 'data', 'auth_intent_token');
    const wrong = { ...body, code_challenge: pkce().challenge };
    expect(await world.call('POST', '/auth/authorize', { bearer, body: wrong })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    const authorized = await world.call('POST', '/auth/authorize', { bearer, body });
    const code = textAt(authorized, 'data', 'code');
    const exchanged = await world.call('POST', '/auth/exchange', {
      body: { code, code_verifier: verifier, redirect_uri: APP },
    });
    expect(exchanged).toMatchObject({
      status: 200,
      json: { data: { user: { email: person.account.email } } },
    });
  });

  it('can be given up before the second factor', async () => {
    const { email } = person.account;
    const login = await world.call('POST', '/users/auth/login', {
      body: { email, password: person.password },
    });
    const bearer = textAt(login, 'data', 'temp_token');
    expect((await world.call('POST', '/auth/intent/cancel', { bearer })).status).toBe(200);
    expect(await verify(bearer, nextCode())).toMatchObject(failed(401, 'INVALID_TOKEN'));
  });
});

describe('a device', () => {
  it('waits for the second factor, which answers the approval and never tokens', async () => {
    const { challenge, deviceCode } = await loginOnDevice();
    expect(challenge.json).toMatchObject({ data: { requires_2fa: true } });
    const tempToken = textAt(challenge, 'data', 'temp_token');
    expect(await poll(deviceCode)).toMatchObject({ json: { data: { error: 'authorization_pending' } } });
    expect(await verify(tempToken, '0000000000')).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    const proven = await verify(tempToken, nextCode(), { response_mode: 'tokens' });
    expect(proven.json).toMatchObject({ statusCode: 200, data: { status: 'approved' } });
    expect(Object.keys(Object(Reflect.get(Object(proven.json), 'data')))).toEqual(['status']);
    // The poll before counts: as if the interval had passed.
    await world.letPollTimePass(deviceCode);
    expect(await poll(deviceCode)).toMatchObject({
      status: 200,
      json: { data: { user: { email: person.account.email } } },
    });
  });

  it('is approved on the page without a script', async () => {
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = hidden(await submit(browser, { step: 'code', user_code: userCode }), 'ticket');
    const login = person.account.email;
    const asked = await submit(browser, { step: 'password', ticket, login, password: person.password });
    const tempToken = hidden(asked, 'temp_token');
    const wrong = await submit(browser, { step: 'second_factor', temp_token: tempToken, code: '0000000000' });
    expect(wrong.status).toBe(401);
    expect(hidden(wrong, 'temp_token')).toBe(tempToken);
    const done = await submit(browser, { step: 'second_factor', temp_token: tempToken, code: nextCode() });
    expect(done.text).toContain('Approved');
    expect((await poll(deviceCode)).status).toBe(200);
  });

  it('is approved by a provider and the second factor, whose token the page gets in its fragment', async () => {
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = hidden(await submit(browser, { step: 'code', user_code: userCode }), 'ticket');
    const address = `${world.origin}${pagePath}/authorize?ticket=${ticket}&provider=github`;
    const page = await browser.go(address, { from: world.origin });
    const ended = await world.signInAt(browser, page, person.account.id);
    expect(ended.url.pathname).toBe(pagePath);
    expect(ended.text).toContain("get('2fa')");
    const tempToken = fragmentOf(ended)['2fa'] ?? '';
    expect(await poll(deviceCode)).toMatchObject({ json: { data: { error: 'authorization_pending' } } });
    const done = await submit(browser, { step: 'second_factor', temp_token: tempToken, code: nextCode() });
    expect(done.text).toContain('Approved');
    await world.letPollTimePass(deviceCode);
    expect((await poll(deviceCode)).status).toBe(200);
  });

  it('takes no temp token of a sign-in that is not for it', async () => {
    const { email } = person.account;
    const login = await world.call('POST', '/users/auth/login', {
      body: { email, password: person.password },
    });
    const tempToken = textAt(login, 'data', 'temp_token');
    const code = nextCode();
    const refused = await submit(world.browser(), { step: 'second_factor', temp_token: tempToken, code });
    expect(refused.status).toBe(401);
    // Neither the token nor the code was spent.
    const proven = await verify(tempToken, code);
    expect(proven).toMatchObject({ status: 200 });
  });

  it('that was refused meanwhile stays refused', async () => {
    const { challenge, deviceCode, browser, ticket } = await loginOnDevice();
    await browser.once(`${world.origin}${pagePath}/deny`, { json: { ticket }, from: world.origin });
    const proven = await verify(textAt(challenge, 'data', 'temp_token'), nextCode());
    expect(proven.status).toBe(404);
    expect(await poll(deviceCode)).toMatchObject({ json: { data: { error: 'access_denied' } } });
  });
});
