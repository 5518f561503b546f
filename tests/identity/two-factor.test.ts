/** The second factor over real HTTP: from its set-up to its end, and what attackers try in between. */
import { totpCodeAt } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, failed, openIdentityStage, textAt, wrongCodeOf, type IdentityStage } from './identity-stage.ts';

let stage: IdentityStage;
beforeAll(async () => {
  stage = await openIdentityStage();
}, 90_000);
afterAll(() => stage?.release());

const me = (authorization: string) => stage.call('GET', '/users/auth/me', { authorization });
const status = (authorization: string) => stage.call('GET', '/users/auth/2fa/status', { authorization });

describe('set-up', () => {
  it('needs the password, has no effect until confirmed, and then ends every session but its own', async () => {
    const person = await stage.newPerson();
    const other = await stage.bearerOf(person);
    const setUp = (password: string) =>
      stage.call('POST', '/users/auth/2fa/setup', { authorization: person.bearer, body: { password } });
    expect(await setUp('not the password')).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const setup = await setUp(person.password);
    expect(setup).toMatchObject({ status: 200 });

    const [kind, image] = textAt(setup, 'data', 'qr_code').split(',');
    expect(kind).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(image ?? '', 'base64').toString()).toMatch(/^<svg xmlns=.*<path .*<\/svg>$/s);
    const secret = textAt(setup, 'data', 'manual_entry_key');
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const codes = at(setup, 'data', 'backup_codes');
    expect(new Set(codes as string[]).size).toBe(10);
    for (const code of codes as string[]) expect(code).toMatch(/^[a-z2-9]{10}$/);

    expect((await status(person.bearer)).json).toMatchObject({
      data: { enabled: false, verified: false, backup_codes_remaining: 0, require_for_tokens: true },
    });
    expect(await stage.login(person)).toMatchObject({ json: { data: { token: expect.any(String) } } });

    const confirm = (code: string) =>
      stage.call('POST', '/users/auth/2fa/verify-setup', { authorization: person.bearer, body: { code } });
    expect(await confirm(wrongCodeOf(secret))).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const confirmed = await confirm(totpCodeAt(secret, Date.now()));
    expect(confirmed).toMatchObject({
      status: 200,
      json: { data: { enabled: true, sessions_revoked: true, enabled_at: expect.any(String) } },
    });
    for (const dead of [person.bearer, other])
      expect(await me(dead)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    const fresh = `Bearer ${textAt(confirmed, 'data', 'token')}`;
    expect((await status(fresh)).json).toMatchObject({
      data: { enabled: true, verified: true, backup_codes_remaining: 10 },
    });
    const again = await stage.call('POST', '/users/auth/2fa/setup', {
      authorization: fresh,
      body: { password: person.password },
    });
    expect(again).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('keeps neither the secret nor a backup code in clear', async () => {
    const { id, secret, backupCodes } = await stage.newGuarded();
    const rows = await Promise.all([
      stage.database.select().from(schema.twoFactor).where(eq(schema.twoFactor.userId, id)),
      stage.database
        .select()
        .from(schema.twoFactorBackupCodes)
        .where(eq(schema.twoFactorBackupCodes.userId, id)),
    ]);
    expect(rows[1]).toHaveLength(10);
    const text = JSON.stringify(rows);
    for (const clear of [secret, ...backupCodes]) expect(text).not.toContain(clear);
  });

  it('gives an auth token no session, whatever it knows', async () => {
    const person = await stage.newPerson();
    const made = await stage.call('POST', '/auth/tokens', { authorization: person.bearer, body: {} });
    const authorization = textAt(made, 'data', 'token');
    const setup = await stage.call('POST', '/users/auth/2fa/setup', {
      authorization,
      body: { password: person.password },
    });
    const confirmed = await stage.call('POST', '/users/auth/2fa/verify-setup', {
      authorization,
      body: { code: totpCodeAt(textAt(setup, 'data', 'manual_entry_key'), Date.now()) },
    });
    expect(confirmed).toMatchObject({ status: 200, json: { data: { sessions_revoked: true } } });
    expect(at(confirmed, 'data', 'token')).toBeUndefined();
  });
});

describe('a login', () => {
  it('answers a challenge and nothing else, and ends with a code, by body or as Bearer', async () => {
    const person = await stage.newGuarded();
    const challenge = await stage.login(person);
    expect(challenge).toMatchObject({ status: 200 });
    const tempToken = textAt(challenge, 'data', 'temp_token');
    expect(at(challenge, 'data')).toEqual({ requires_2fa: true, temp_token: tempToken, method: 'totp' });
    expect(await me(`Bearer ${tempToken}`)).toMatchObject(failed(401, 'INVALID_TOKEN'));

    const verified = await stage.verify(tempToken, await person.code());
    expect(verified).toMatchObject({ status: 200, json: { data: { user: { email: person.email } } } });
    expect(await me(`Bearer ${textAt(verified, 'data', 'token')}`)).toMatchObject({ status: 200 });

    const byHeader = await stage.call('POST', '/users/auth/2fa/verify', {
      authorization: `Bearer ${await stage.tempToken(person)}`,
      body: { code: await person.code() },
    });
    expect(byHeader).toMatchObject({ status: 200, json: { data: { token: expect.any(String) } } });
  });

  it('for an intent gives an intent and no tokens', async () => {
    const person = await stage.newGuarded();
    const tempToken = await stage.tempToken(person, { response_mode: 'intent' });
    const verified = await stage.verify(tempToken, await person.code(), { response_mode: 'tokens' });
    expect(verified).toMatchObject({
      status: 200,
      json: { data: { auth_intent_token: expect.any(String) } },
    });
    expect(at(verified, 'data', 'token')).toBeUndefined();
  });

  it('is over with its temp token: once, for five minutes, until logout', async () => {
    const person = await stage.newGuarded();
    const used = await stage.tempToken(person);
    expect(await stage.verify(used, await person.code())).toMatchObject({ status: 200 });
    expect(await stage.verify(used, await person.code())).toMatchObject(failed(401, 'INVALID_TOKEN'));

    const old = await stage.tempToken(person);
    const { signInSteps } = schema;
    const [step] = await stage.database.select().from(signInSteps).where(eq(signInSteps.userId, person.id));
    expect((step?.expiresAt ?? 0) - (step?.createdAt ?? 0)).toBe(300_000);
    await stage.database.update(signInSteps).set({ expiresAt: 1 }).where(eq(signInSteps.userId, person.id));
    expect(await stage.verify(old, await person.code())).toMatchObject(failed(401, 'INVALID_TOKEN'));

    const pending = await stage.tempToken(person);
    await stage.call('POST', '/users/auth/logout', { authorization: person.bearer });
    expect(await stage.verify(pending, await person.code())).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await stage.verify('ab'.repeat(32), '123456')).toMatchObject(failed(401, 'INVALID_TOKEN'));
    const nothing = await stage.call('POST', '/users/auth/2fa/verify', { body: { code: '123456' } });
    expect(nothing).toMatchObject(failed(401, 'MISSING_TOKEN'));
  });

  it('can not be had with a password alone as Basic; with an auth token it can', async () => {
    const person = await stage.newPerson();
    const made = await stage.call('POST', '/auth/tokens', {
      authorization: person.bearer,
      body: { permission_template: 'full_access' },
    });
    const basic = (secret: string) =>
      `Basic ${Buffer.from(`${person.username}:${secret}`).toString('base64')}`;
    expect(await me(basic(person.password))).toMatchObject({ status: 200 });
    const setup = await stage.call('POST', '/users/auth/2fa/setup', {
      authorization: person.bearer,
      body: { password: person.password },
    });
    await stage.call('POST', '/users/auth/2fa/verify-setup', {
      authorization: person.bearer,
      body: { code: totpCodeAt(textAt(setup, 'data', 'manual_entry_key'), Date.now()) },
    });
    expect(await me(basic(person.password))).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    expect(await me(basic(textAt(made, 'data', 'token')))).toMatchObject({ status: 200 });
  });
});

describe('an attacker', () => {
  it('gets nothing out of a code that was used, not even at the same moment', async () => {
    const person = await stage.newGuarded();
    const code = await person.code();
    const tempTokens = await Promise.all(Array.from({ length: 4 }, () => stage.tempToken(person)));
    const answers = await Promise.all(tempTokens.map((tempToken) => stage.verify(tempToken, code)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 401, 401, 401]);
    const replay = await stage.verify(await stage.tempToken(person), code);
    expect(replay).toMatchObject(failed(401, 'INVALID_CREDENTIALS'));
    const earlier = totpCodeAt(person.secret, Date.now() - 30_000);
    expect(await stage.verify(await stage.tempToken(person), earlier)).toMatchObject({ status: 401 });
  });

  it('uses a backup code once, however it is written', async () => {
    const person = await stage.newGuarded();
    const [first = '', second = ''] = person.backupCodes;
    const written = `${first.slice(0, 5).toUpperCase()}-${first.slice(5)}`;
    expect(await stage.verify(await stage.tempToken(person), written)).toMatchObject({ status: 200 });
    expect(await stage.verify(await stage.tempToken(person), first)).toMatchObject(
      failed(401, 'INVALID_CREDENTIALS'),
    );
    const tempTokens = await Promise.all(Array.from({ length: 3 }, () => stage.tempToken(person)));
    const answers = await Promise.all(tempTokens.map((tempToken) => stage.verify(tempToken, second)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 401, 401]);
    expect((await status(person.bearer)).json).toMatchObject({ data: { backup_codes_remaining: 8 } });
  });

  it('has five guesses in a quarter of an hour, from wherever, and is seen in the history', async () => {
    const person = await stage.newGuarded();
    const wrong = wrongCodeOf(person.secret);
    const tempToken = await stage.tempToken(person);
    // All at once: the count must not be outrun.
    const guesses = await Promise.all(Array.from({ length: 12 }, () => stage.verify(tempToken, wrong)));
    expect(guesses.filter((guess) => guess.status === 401)).toHaveLength(5);
    expect(guesses.filter((guess) => guess.status === 429)).toHaveLength(7);
    const right = await stage.verify(await stage.tempToken(person), await person.code());
    expect(right).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(600);
    const history = await stage.call('GET', '/users/me/security-history?include_failed=true', {
      authorization: person.bearer,
    });
    const failures = (at(history, 'data') as { outcome: string }[]).filter(
      ({ outcome }) => outcome === 'failed',
    );
    expect(failures).toHaveLength(5);
  });

  it('with a stolen session can not guess the password', async () => {
    const person = await stage.newPerson();
    const guess = (password: string) =>
      stage.call('POST', '/users/auth/2fa/setup', { authorization: person.bearer, body: { password } });
    for (let index = 0; index < 10; index += 1) {
      expect(await guess(`Wrong password ${index}`)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
    expect(await guess(person.password)).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
  });
});

describe('the token gate', () => {
  it('asks sessions for a code before they make tokens, and auth tokens for none', async () => {
    const person = await stage.newGuarded();
    const make = (body: object, authorization = person.bearer) =>
      stage.call('POST', '/auth/tokens', { authorization, body });
    expect(await make({ alias: 'none' })).toMatchObject(failed(400, 'OTP_REQUIRED'));
    expect(await make({ otp_code: wrongCodeOf(person.secret) })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    const code = await person.code();
    const made = await make({ permission_template: 'full_access', otp_code: code });
    expect(made).toMatchObject({ status: 201 });
    expect(await make({ otp_code: code })).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await make({}, textAt(made, 'data', 'token'))).toMatchObject({ status: 201 });
    const list = await stage.call('GET', '/auth/tokens', { authorization: person.bearer });
    expect(at(list, 'data')).toHaveLength(2);
  });

  it('is turned off with password and code, and on with neither', async () => {
    const person = await stage.newGuarded();
    const { password } = person;
    const set = (body: object, method = 'PUT') =>
      stage.call(method, '/users/auth/2fa/token-gate', { authorization: person.bearer, body });
    expect(await set({ enabled: false, otp_code: await person.code() })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    expect(await set({ enabled: false, password })).toMatchObject(failed(400, 'OTP_REQUIRED'));
    expect(
      await set({ enabled: false, password: 'Wrong password', otp_code: await person.code() }),
    ).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await set({ enabled: false, password, otp_code: await person.code() })).toMatchObject({
      status: 200,
      json: { data: { require_for_tokens: false } },
    });
    const free = await stage.call('POST', '/auth/tokens', { authorization: person.bearer, body: {} });
    expect(free).toMatchObject({ status: 201 });
    expect(await set({ enabled: true }, 'PATCH')).toMatchObject({
      status: 200,
      json: { data: { require_for_tokens: true } },
    });
    const barred = await stage.call('POST', '/auth/tokens', { authorization: person.bearer, body: {} });
    expect(barred).toMatchObject(failed(400, 'OTP_REQUIRED'));
  });
});

describe('its end', () => {
  it('new backup codes take the password and the app; the old ones are void', async () => {
    const person = await stage.newGuarded();
    const regenerate = (body: object) =>
      stage.call('POST', '/users/auth/2fa/backup-codes/regenerate', { authorization: person.bearer, body });
    const { password } = person;
    const [old = ''] = person.backupCodes;
    expect(await regenerate({ password, code: old })).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const fresh = await regenerate({ password, code: await person.code() });
    expect(fresh).toMatchObject({ status: 200 });
    expect(await stage.verify(await stage.tempToken(person), old)).toMatchObject({ status: 401 });
    const [first] = at(fresh, 'data', 'backup_codes') as string[];
    expect(await stage.verify(await stage.tempToken(person), first ?? '')).toMatchObject({ status: 200 });
  });

  it('takes the password and a code, a backup code too, and ends every session but its own', async () => {
    const person = await stage.newGuarded();
    const remove = (body: object) =>
      stage.call('DELETE', '/users/auth/2fa', { authorization: person.bearer, body });
    const [backupCode = ''] = person.backupCodes;
    expect(await remove({ password: 'Wrong password', code: backupCode })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    const removed = await remove({ password: person.password, code: backupCode });
    expect(removed).toMatchObject({ status: 200, json: { data: { sessions_revoked: true } } });
    expect(await me(person.bearer)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    const fresh = `Bearer ${textAt(removed, 'data', 'token')}`;
    expect((await status(fresh)).json).toMatchObject({ data: { enabled: false } });
    expect(await stage.login(person)).toMatchObject({ json: { data: { token: expect.any(String) } } });
    const history = await stage.call('GET', '/users/me/security-history?include_security=true', {
      authorization: fresh,
    });
    const events = (at(history, 'data') as { event: string }[]).map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['2fa_enabled', '2fa_disabled', 'login']));
  });
});
