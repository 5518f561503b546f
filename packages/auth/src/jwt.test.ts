import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseJwtKeys, signAccessToken, signSessionTokens, verifyJwt, type JwtKeySet } from './jwt.ts';
import { secureRandom } from './random.ts';

const NOW = Date.parse('2026-06-15T10:30:00.000Z');
const SUBJECT = { userId: 'a'.repeat(24), sessionGeneration: 3 };
const HOUR_MS = 3_600_000;

async function newKey(kid: string) {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return { kid, jwk: await exportJWK(privateKey) };
}
const configuration = (activeKid: string, keys: readonly unknown[]): string =>
  JSON.stringify({ active_kid: activeKid, keys });

let first: Awaited<ReturnType<typeof newKey>>;
let second: Awaited<ReturnType<typeof newKey>>;
let keys: JwtKeySet;
beforeAll(async () => {
  first = await newKey('first');
  second = await newKey('second');
  keys = await parseJwtKeys(configuration('first', [first]));
});

describe('session tokens', () => {
  it('verify as what they are, for a day and for seven', async () => {
    const session = await signSessionTokens(keys, SUBJECT, NOW, secureRandom);
    expect(session.accessExpiresAt).toBe(NOW + 24 * HOUR_MS);
    expect(session.refreshExpiresAt).toBe(NOW + 7 * 24 * HOUR_MS);
    expect(await verifyJwt(keys, session.accessToken, 'access', NOW)).toEqual({
      kind: 'valid',
      subject: SUBJECT,
      expiresAt: session.accessExpiresAt,
    });
    expect(await verifyJwt(keys, session.refreshToken, 'refresh', NOW)).toMatchObject({ kind: 'valid' });
  });

  it('are never taken for each other', async () => {
    const session = await signSessionTokens(keys, SUBJECT, NOW, secureRandom);
    expect(await verifyJwt(keys, session.accessToken, 'refresh', NOW)).toEqual({ kind: 'invalid' });
    expect(await verifyJwt(keys, session.refreshToken, 'access', NOW)).toEqual({ kind: 'invalid' });
    expect(await verifyJwt(keys, session.refreshToken, 'access', NOW + 365 * 24 * HOUR_MS)).toEqual({
      kind: 'invalid',
    });
  });

  it('expire, and say so', async () => {
    const { token, expiresAt } = await signAccessToken(keys, SUBJECT, NOW, secureRandom);
    expect(await verifyJwt(keys, token, 'access', expiresAt - 1000)).toMatchObject({ kind: 'valid' });
    expect(await verifyJwt(keys, token, 'access', expiresAt)).toEqual({ kind: 'expired' });
  });

  it('differ each time, within one second too', async () => {
    const one = await signAccessToken(keys, SUBJECT, NOW, secureRandom);
    const two = await signAccessToken(keys, SUBJECT, NOW, secureRandom);
    expect(one.token).not.toBe(two.token);
  });

  it('of an older key verify after a rotation, and stop when the key is dropped', async () => {
    const { token } = await signAccessToken(keys, SUBJECT, NOW, secureRandom);
    const { d: _private, ...publicJwk } = first.jwk;
    const rotated = await parseJwtKeys(configuration('second', [{ kid: 'first', jwk: publicJwk }, second]));
    expect(await verifyJwt(rotated, token, 'access', NOW)).toMatchObject({ kind: 'valid' });
    const dropped = await parseJwtKeys(configuration('second', [second]));
    expect(await verifyJwt(dropped, token, 'access', NOW)).toEqual({ kind: 'invalid' });
  });
});

describe('forged tokens', () => {
  const claims = () =>
    new SignJWT({ typ: 'access', gen: 3 })
      .setSubject(SUBJECT.userId)
      .setIssuer('hoody-api')
      .setIssuedAt(NOW / 1000);
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('are refused: foreign key under our kid', async () => {
    const token = await claims()
      .setExpirationTime(NOW / 1000 + 60)
      .setProtectedHeader({ alg: 'EdDSA', kid: 'first' })
      .sign(await importJWK(second.jwk, 'EdDSA'));
    expect(await verifyJwt(keys, token, 'access', NOW)).toEqual({ kind: 'invalid' });
  });

  it.each([
    ['another issuer', { iss: 'elsewhere' }],
    ['no subject', { sub: undefined }],
    ['no generation', { gen: undefined }],
    ['a generation in text', { gen: '3' }],
    ['no expiry', { exp: undefined }],
    ['no type', { typ: undefined }],
  ])('are refused: %s', async (_name, change) => {
    const payload = {
      typ: 'access',
      gen: 3,
      sub: 'x',
      iss: 'hoody-api',
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      ...change,
    };
    const token = await new SignJWT(JSON.parse(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', kid: 'first' })
      .sign(keys.signingKey);
    expect(await verifyJwt(keys, token, 'access', NOW)).toEqual({ kind: 'invalid' });
  });

  it('are refused: no algorithm, another algorithm, no kid, an unknown kid, rubbish', async () => {
    const payload = encode({
      typ: 'access',
      gen: 3,
      sub: 'x',
      iss: 'hoody-api',
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
    });
    const hmac = await claims()
      .setExpirationTime(NOW / 1000 + 60)
      .setProtectedHeader({ alg: 'HS256', kid: 'first' })
      .sign(Buffer.from(first.jwk.x ?? '', 'base64url'));
    const nameless = await claims()
      .setExpirationTime(NOW / 1000 + 60)
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(keys.signingKey);
    const tokens = [
      `${encode({ alg: 'none', kid: 'first' })}.${payload}.`,
      `${encode({ alg: 'EdDSA', kid: 'nobody' })}.${payload}.AAAA`,
      hmac,
      nameless,
      'a.b.c',
      '',
    ];
    for (const token of tokens)
      expect(await verifyJwt(keys, token, 'access', NOW)).toEqual({ kind: 'invalid' });
  });
});

describe('parseJwtKeys', () => {
  it.each([
    ['no JSON', 'x'],
    ['no keys', '{"active_kid": "a"}'],
    ['no active key', '{"active_kid": "a", "keys": []}'],
    ['a symmetric key', '{"active_kid": "a", "keys": [{"kid": "a", "jwk": {"kty": "oct", "k": "AA"}}]}'],
    [
      'an active key without its private half',
      '{"active_kid": "a", "keys": [{"kid": "a", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}',
    ],
  ])('throws for %s', async (_name, text) => {
    await expect(parseJwtKeys(text)).rejects.toThrow();
  });
});
