/** The page on which a device is approved, used as a person without scripts would. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, PageAnswer } from './browser.ts';
import { startWorld, textAt, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 90_000);
afterAll(() => world?.release());

const page = (): string => `${world.origin}/api/v1/auth/device`;
async function newDevice(body: object = {}) {
  const answer = await world.call('POST', '/auth/device/code', { body });
  return {
    deviceCode: textAt(answer, 'data', 'device_code'),
    userCode: textAt(answer, 'data', 'user_code'),
    complete: textAt(answer, 'data', 'verification_uri_complete'),
  };
}
const poll = (deviceCode: string) =>
  world.call('POST', '/auth/device/token', { body: { device_code: deviceCode } });
const submit = (browser: Browser, form: Record<string, string>, from = world.origin) =>
  browser.once(page(), { form, from });
const ticketOf = ({ text }: PageAnswer): string =>
  /name="ticket" value="([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
const somebody = () => {
  const [user] = world.stack.bootstrap.users;
  if (user === undefined) throw new Error('no such user');
  return user;
};

describe('the device page', () => {
  it('leads from the code to the approval without a script', async () => {
    const { complete, userCode, deviceCode } = await newDevice({ client_name: 'my terminal' });
    const browser = world.browser();
    const first = await browser.go(complete);
    expect(first.status).toBe(200);
    expect(first.text).toContain(`value="${userCode}"`);
    const second = await submit(browser, { step: 'code', user_code: userCode });
    expect(second.status).toBe(200);
    expect(second.text).toContain('my terminal');
    expect(second.text).toContain('Approve with GitHub');
    const ticket = ticketOf(second);
    const wrong = await submit(browser, {
      step: 'password',
      ticket,
      login: somebody().email,
      password: 'wrong-one',
    });
    expect(wrong.status).toBe(401);
    expect(ticketOf(wrong)).toBe(ticket);
    const { username, password } = somebody();
    const done = await submit(browser, { step: 'password', ticket, login: username, password });
    expect(done.status).toBe(200);
    expect(done.text).toContain('Approved');
    expect(await poll(deviceCode)).toMatchObject({ status: 200, json: { data: { user: { username } } } });
  });

  it('refuses a device', async () => {
    const { userCode, deviceCode } = await newDevice();
    const browser = world.browser();
    const second = await submit(browser, { step: 'code', user_code: userCode });
    const refused = await submit(browser, { step: 'deny', ticket: ticketOf(second) });
    expect(refused.text).toContain('Refused');
    expect(await poll(deviceCode)).toMatchObject({ json: { data: { error: 'access_denied' } } });
  });

  it('shows who asks as text, whatever they call themselves', async () => {
    const { userCode } = await newDevice({ client_name: '<script>alert(1)</script>"\'&' });
    const { text } = await submit(world.browser(), { step: 'code', user_code: userCode });
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(text).not.toContain('<script>alert');
  });

  it.each(['"><script>', "' onfocus='x"])('fills in %s from its address as text', async (userCode) => {
    const { text } = await world.browser().go(`${page()}?${new URLSearchParams({ user_code: userCode })}`);
    expect(text).not.toContain(userCode);
  });

  it('loads nothing, runs its own script only, and stands in no frame', async () => {
    const { text, headers } = await world.browser().go(page());
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
    for (const element of ['style', 'script']) {
      const [, content = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(text) ?? [];
      const digest = createHash('sha256').update(content).digest('base64');
      expect(policy).toContain(`${element}-src 'sha256-${digest}'`);
    }
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(text).not.toMatch(/(?:src|href)="(?!data:,|\/api\/v1\/)/);
  });

  it('says nothing that its address tells it to say', async () => {
    const { text } = await world.browser().go(`${page()}?error=constructor&approved=yes`);
    expect(text).not.toContain('constructor');
    expect(text).not.toContain('Approved');
  });

  it('takes forms of its own only', async () => {
    const { userCode, deviceCode } = await newDevice();
    const browser = world.browser();
    const ticket = ticketOf(await submit(browser, { step: 'code', user_code: userCode }));
    const { username, password } = somebody();
    for (const form of [
      { step: 'code', user_code: userCode },
      { step: 'password', ticket, login: username, password },
      { step: 'deny', ticket },
    ]) {
      const answer = await submit(browser, form, 'https://evil.test');
      expect(answer.status).toBe(403);
    }
    expect(await poll(deviceCode)).toMatchObject({ json: { data: { error: 'authorization_pending' } } });
  });

  it.each([{}, { step: 'other' }, { step: 'deny', ticket: 'x' }, { step: 'code', extra: 'x' }])(
    'refuses the form %j',
    async (form) => {
      expect((await submit(world.browser(), form)).status).toBe(400);
    },
  );

  it('takes forms, not JSON, and its JSON siblings take no forms', async () => {
    const browser = world.browser();
    const asJson = await browser.once(page(), { json: { step: 'code' }, from: world.origin });
    expect(asJson.status).toBe(415);
    const asForm = await browser.once(`${page()}/verify_code`, {
      form: { user_code: 'BBBB-BBBB' },
      from: world.origin,
    });
    expect(asForm.status).toBe(415);
  });
});
