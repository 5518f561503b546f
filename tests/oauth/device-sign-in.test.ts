/** Sign-in of a device (RFC 8628): codes, polls, the approval by JSON, and what attackers try. */
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { hashSecret } from '@control-plane/auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/api-client.ts';
import type { Browser, PageAnswer } from './browser.ts';
import { failed, freshAddress, pkce, startWorld, textAt, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 90_000);
afterAll(() => world?.release());

interface Device {
  readonly deviceCode: string;
  readonly userCode: string;
}
async function newDevice(body: object = {}): Promise<Device> {
  const answer = await world.call('POST', '/auth/device/code', { body });
  expect(answer).toMatchObject({ status: 200 });
  return { deviceCode: textAt(answer, 'data', 'device_code'), userCode: textAt(answer, 'data', 'user_code') };
}
const poll = (deviceCode: string, more: object = {}) =>
  world.call('POST', '/auth/device/token', { body: { device_code: deviceCode, ...more } });
async function pollLater(deviceCode: string, more: object = {}) {
  await world.letPollTimePass(deviceCode);
  return poll(deviceCode, more);
}
const waits = (error: string) => ({
  status: 400,
  json: { statusCode: 400, code: error, error: 'Bad Request', data: { error } },
});
const pageCall = (browser: Browser, path: string, json: object, from = world.origin) =>
  browser.once(`${world.origin}/api/v1/auth/device/${path}`, { json, from });
const jsonOf = (answer: PageAnswer): unknown => JSON.parse(answer.text);
async function ticketFor(browser: Browser, userCode: string): Promise<string> {
  const answer = await pageCall(browser, 'verify_code', { user_code: userCode });
  expect(answer).toMatchObject({ status: 200 });
  return textAt({ ...answer, json: jsonOf(answer) }, 'data', 'ticket');
}
const somebody = (index = 0) => {
  const user = world.stack.bootstrap.users[index];
  if (user === undefined) throw new Error('no such user');
  return user;
};
const login = (browser: Browser, ticket: string, password = somebody().password) =>
  pageCall(browser, 'login', { ticket, username: somebody().username, password });

describe('a device', () => {
  it('gets codes, an address and the rules of polling', async () => {
    const answer = await world.call('POST', '/auth/device/code', { body: { client_name: 'my terminal' } });
    expect(answer.json).toMatchObject({
      data: {
        device_code: expect.stringMatching(/^[0-9a-f]{64}$/),
        user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
        verification_uri: `${world.origin}/api/v1/auth/device`,
        interval: 5,
        expires_in: 900,
      },
    });
    const complete = new URL(textAt(answer, 'data', 'verification_uri_complete'));
    expect(complete.searchParams.get('user_code')).toBe(textAt(answer, 'data', 'user_code'));
  });

  it('waits, is told to slow down, and gets its tokens once', async () => {
    const { deviceCode, userCode } = await newDevice();
    expect(await poll(deviceCode)).toMatchObject(waits('authorization_pending'));
    for (let again = 0; again < 3; again += 1) {
      expect(await poll(deviceCode)).toMatchObject({
        ...waits('slow_down'),
        json: { data: { error: 'slow_down', interval: 5 } },
      });
    }
    // The interval stays 5 s however often it was too fast.
    expect(await pollLater(deviceCode)).toMatchObject(waits('authorization_pending'));
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode.toLowerCase().replace('-', ' '));
    expect(jsonOf(await login(browser, ticket))).toMatchObject({ data: { status: 'approved' } });
    await world.letPollTimePass(deviceCode);
    const answers = await Promise.all(Array.from({ length: 6 }, () => pollLater(deviceCode)));
    const given = answers.filter(({ status }) => status === 200);
    expect(given).toHaveLength(1);
    expect(given[0]?.json).toMatchObject({
      data: { user: { username: somebody().username }, expires_in: 86_400 },
    });
    const bearer = textAt(given[0] ?? Object(null), 'data', 'token');
    expect((await world.call('GET', '/users/auth/me', { bearer })).status).toBe(200);
    expect(await poll(deviceCode)).toMatchObject(waits('expired_token'));
  });

  it('that began with a challenge needs its verifier, and a thief of the code spoils nothing', async () => {
    const { verifier, challenge } = pkce();
    const { deviceCode, userCode } = await newDevice({ code_challenge: challenge });
    const browser = world.browser();
    await login(browser, await ticketFor(browser, userCode));
    expect(await poll(deviceCode)).toMatchObject(waits('access_denied'));
    expect(await pollLater(deviceCode, { code_verifier: pkce().verifier })).toMatchObject(
      waits('access_denied'),
    );
    expect(await pollLater(deviceCode, { code_verifier: challenge })).toMatchObject(waits('access_denied'));
    expect((await pollLater(deviceCode, { code_verifier: verifier })).status).toBe(200);
  });

  it('is told of a refusal, and of the end of its time', async () => {
    const refused = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, refused.userCode);
    expect(jsonOf(await pageCall(browser, 'deny', { ticket }))).toMatchObject({ data: { status: 'denied' } });
    expect((await pageCall(browser, 'deny', { ticket })).status).toBe(200);
    expect(await poll(refused.deviceCode)).toMatchObject(waits('access_denied'));
    expect((await login(browser, ticket)).status).toBe(404);

    const late = await newDevice();
    await world.database
      .update(schema.deviceCodes)
      .set({ expiresAt: Date.now() - 1 })
      .where(eq(schema.deviceCodes.deviceCodeHash, hashSecret(late.deviceCode)));
    expect(await poll(late.deviceCode)).toMatchObject(waits('expired_token'));
    await world.stack.runScheduled();
    const left = await world.database
      .select()
      .from(schema.deviceCodes)
      .where(eq(schema.deviceCodes.deviceCodeHash, hashSecret(late.deviceCode)));
    expect(left).toEqual([]);
  });

  it('loses an approval whose user logged out everywhere since', async () => {
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    await login(browser, await ticketFor(browser, userCode));
    const session = await world.call('POST', '/users/auth/login', {
      body: { username: somebody().username, password: somebody().password },
    });
    await world.call('POST', '/users/auth/logout', { bearer: textAt(session, 'data', 'token') });
    expect(await poll(deviceCode)).toMatchObject(waits('expired_token'));
  });

  it('loses an approval whose user set a new password since', async () => {
    const { email } = world.newAccount();
    const password = 'First-password-1';
    await world.call('POST', '/auth/signup', { body: { email, password } });
    const token = await world.mailedToken(email);
    await world.call('POST', '/auth/verify-email', { body: { token } });
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode);
    expect((await pageCall(browser, 'login', { ticket, email, password })).status).toBe(200);
    await world.call('POST', '/auth/forgot-password', { body: { email } });
    const resetToken = await eventually('the mail', async () => {
      const newest = await world.mailedToken(email);
      return newest === token ? undefined : newest;
    });
    const body = { token: resetToken, password: 'Second-password-2' };
    expect((await world.call('POST', '/auth/reset-password', { body })).status).toBe(200);
    expect(await poll(deviceCode)).toMatchObject(waits('expired_token'));
  });

  it.each([{}, { device_code: 'x' }, { device_code: 'A'.repeat(64) }, { device_code: 1 }])(
    'is told what is malformed in %j',
    async (body) => {
      expect(await world.call('POST', '/auth/device/token', { body })).toMatchObject(
        failed(400, 'VALIDATION_ERROR'),
      );
    },
  );
});

describe('the approval', () => {
  it('survives wrong passwords: they do not burn the ticket', async () => {
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const wrong = await login(browser, ticket, 'wrong password');
      expect({ status: wrong.status, json: jsonOf(wrong) }).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    }
    expect((await login(browser, ticket)).status).toBe(200);
    // An approval stands: neither a refusal nor another user can change it.
    const denied = await pageCall(browser, 'deny', { ticket });
    expect(denied.status).toBe(400);
    expect((await login(browser, ticket)).status).toBe(404);
    expect((await poll(deviceCode)).status).toBe(200);
  });

  it('answers 422 for a body that is none, 404 for a ticket that is unknown', async () => {
    const { userCode } = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode);
    for (const body of [
      {},
      { ticket },
      { ticket: 'x', username: 'abc', password: 'x'.repeat(12) },
      { extra: 1 },
    ]) {
      const answer = await pageCall(browser, 'login', body);
      expect({ status: answer.status, json: jsonOf(answer) }).toMatchObject({
        status: 422,
        json: { code: 'VALIDATION_ERROR', data: expect.any(Array) },
      });
    }
    expect((await login(browser, '0'.repeat(64))).status).toBe(404);
  });

  it('works by a provider as well', async () => {
    const account = world.newAccount();
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode);
    const page = await browser.go(
      `${world.origin}/api/v1/auth/device/authorize?ticket=${ticket}&provider=github`,
      {
        from: world.origin,
      },
    );
    const ended = await world.signInAt(browser, page, account.id);
    expect(`${ended.url.pathname}${ended.url.search}`).toBe('/api/v1/auth/device?approved=1');
    expect(ended.text).toContain('Approved');
    expect(await poll(deviceCode)).toMatchObject({
      status: 200,
      json: { data: { user: { email: account.email } } },
    });
  });

  it('ends on the page when the person declines at the provider; the device goes on waiting', async () => {
    const { deviceCode, userCode } = await newDevice();
    const browser = world.browser();
    const ticket = await ticketFor(browser, userCode);
    const address = `${world.origin}/api/v1/auth/device/authorize?ticket=${ticket}&provider=google`;
    const declined = await world.signInAt(browser, await browser.go(address, { from: world.origin }), '');
    expect(`${declined.url.pathname}${declined.url.search}`).toBe('/api/v1/auth/device?error=access_denied');
    expect(await poll(deviceCode)).toMatchObject(waits('authorization_pending'));
    expect((await login(browser, ticket)).status).toBe(200);
  });
});

describe('session fixation', () => {
  it("lends a ticket to no other browser, with or without that browser's own cookie", async () => {
    const { userCode, deviceCode } = await newDevice();
    const attacker = world.browser();
    const ticket = await ticketFor(attacker, userCode);
    const victim = world.browser();
    const authorize = `${world.origin}/api/v1/auth/device/authorize?ticket=${ticket}&provider=github`;
    const status = async (work: Promise<PageAnswer>): Promise<number> => (await work).status;
    expect(await status(victim.once(authorize))).toBe(401);
    expect(await status(login(victim, ticket))).toBe(401);
    expect(await status(pageCall(victim, 'deny', { ticket }))).toBe(401);
    // The victim approved a device of their own before, and so has a cookie.
    await ticketFor(victim, (await newDevice()).userCode);
    expect(await status(victim.once(authorize, { from: world.origin }))).toBe(401);
    expect(await status(login(victim, ticket))).toBe(404);
    expect(await status(pageCall(victim, 'deny', { ticket }))).toBe(401);
    expect(await poll(deviceCode)).toMatchObject(waits('authorization_pending'));
  });

  it('makes a planted cookie worthless: each look-up gives a fresh one', async () => {
    const attacker = world.browser();
    await ticketFor(attacker, (await newDevice()).userCode);
    const planted = attacker.cookies(world.origin);
    const victim = world.browser();
    victim.plant(world.origin, planted);
    const ticket = await ticketFor(victim, (await newDevice()).userCode);
    expect(victim.cookies(world.origin)).not.toEqual(planted);
    expect((await login(attacker, ticket)).status).toBe(404);
  });

  it('sends the cookie for pages of its own site only', async () => {
    const { userCode } = await newDevice();
    const victim = world.browser();
    const looked = await pageCall(victim, 'verify_code', { user_code: userCode });
    expect(looked.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-device_verify=[0-9a-f]{64}; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    const ticket = textAt({ ...looked, json: jsonOf(looked) }, 'data', 'ticket');
    const evil = 'https://evil.test';
    const authorize = `${world.origin}/api/v1/auth/device/authorize?ticket=${ticket}&provider=github`;
    expect((await victim.once(authorize, { from: evil })).status).toBe(401);
    for (const path of ['verify_code', 'login', 'deny']) {
      const json = {
        verify_code: { user_code: userCode },
        login: { ticket, username: somebody().username, password: somebody().password },
        deny: { ticket },
      }[path];
      const answer = await pageCall(victim, path, json ?? {}, evil);
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
  });

  it("lets no page of another site read or send with cookies: the API's CORS has no credentials", async () => {
    const answer = await world.call('POST', '/auth/device/verify_code', {
      body: { user_code: 'BBBB-BBBB' },
      headers: { origin: 'https://evil.test' },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('guessing', () => {
  it('of user codes is limited, for the address and whatever cookie it sends', async () => {
    const address = freshAddress();
    const guess = (userCode: string) =>
      world.call('POST', '/auth/device/verify_code', { body: { user_code: userCode }, address });
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect(await guess('BBBB-BBBB')).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
    const { userCode } = await newDevice();
    const refused = await guess(userCode);
    expect(refused).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('answers an unknown, a used and a malformed user code alike', async () => {
    const { userCode } = await newDevice();
    const browser = world.browser();
    await login(browser, await ticketFor(browser, userCode));
    const look = (code: string) =>
      world.call('POST', '/auth/device/verify_code', { body: { user_code: code } });
    const answers = await Promise.all(['BBBB-BBBB', userCode, '????-????', ''].map(look));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  it('of device codes finds nothing: they are 256 bits, kept as hashes', async () => {
    const { deviceCode, userCode } = await newDevice();
    expect(await poll('0'.repeat(64))).toMatchObject(waits('expired_token'));
    expect(await poll(hashSecret(deviceCode))).toMatchObject(waits('expired_token'));
    const kept = JSON.stringify(await world.database.select().from(schema.deviceCodes));
    expect(kept).not.toContain(deviceCode);
    expect(kept).not.toContain(userCode);
  });

  it('by starting devices in heaps is limited', async () => {
    const address = freshAddress();
    const start = () => world.call('POST', '/auth/device/code', { body: {}, address });
    for (let count = 0; count < 30; count += 1) expect((await start()).status).toBe(200);
    expect(await start()).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
  });
});
