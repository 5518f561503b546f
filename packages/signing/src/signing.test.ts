import { createPrivateKey, sign } from 'node:crypto';
import { connectSigningText } from '@control-plane/contract/link';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  generateSigningKey,
  parseSigningKeys,
  publicKeyDocument,
  signClaim,
  signResponse,
  verifyClaim,
  verifyHostConnect,
  verifyResponse,
  type GeneratedSigningKey,
  type SigningKeys,
} from './index.ts';

const NOW = 1_800_000_000;
let current: GeneratedSigningKey;
let previous: GeneratedSigningKey;
let keys: SigningKeys;

async function parsed(document: unknown): Promise<SigningKeys> {
  const result = await parseSigningKeys(JSON.stringify(document));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

beforeAll(async () => {
  [current, previous] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  const retired = { kid: previous.kid, public_hex: previous.public_hex };
  keys = await parsed({ active_kid: current.kid, keys: [current, retired] });
});

describe('response signature', () => {
  it('signs exactly t, method, status, path and body joined by line feeds (checked by Node crypto)', async () => {
    const facts = { timestamp: NOW, method: 'GET', status: 200, path: '/api/v1/ip?a=1' };
    const header = await signResponse(keys, facts, '{"a":1}');
    const text = `${NOW}\nGET\n200\n/api/v1/ip?a=1\n{"a":1}`;
    const key = createPrivateKey({ key: { ...current.private_jwk }, format: 'jwk' });
    const expected = sign(null, Buffer.from(text), key).toString('hex');
    expect(header).toBe(`t=${NOW},kid=${current.kid},m=GET,s=200,path=/api/v1/ip?a=1,sig=${expected}`);
  });

  it('verifies whatever it signed: any path, any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.webPath(),
        fc.webQueryParameters(),
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 100, max: 599 }),
        fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE'),
        async (webPath, query, body, status, method) => {
          const path = `/${webPath.replace(/^\/+/, '')}?${query},sig=x`;
          const header = await signResponse(keys, { timestamp: NOW, method, status, path }, body);
          const result = await verifyResponse(keys.keys, header, { method, status, path }, body, NOW + 300);
          expect(result.ok).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses a body of which one bit was changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), async (body, where) => {
        const facts = { timestamp: NOW, method: 'GET', status: 200, path: '/x' };
        const header = await signResponse(keys, facts, body);
        const changed = Uint8Array.from(body);
        const index = where % body.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        const result = await verifyResponse(keys.keys, header, facts, changed, NOW);
        expect(result).toEqual({ ok: false, error: 'bad_signature' });
      }),
      { numRuns: 30 },
    );
  });

  it('keeps verifying what the previous key signed while that key is listed', async () => {
    const before = await parsed({ active_kid: previous.kid, keys: [previous] });
    const facts = { timestamp: NOW, method: 'GET', status: 200, path: '/x' };
    const header = await signResponse(before, facts, 'b');
    expect((await verifyResponse(keys.keys, header, facts, 'b', NOW)).ok).toBe(true);
    const withoutIt = keys.keys.filter((key) => key.kid !== previous.kid);
    expect(await verifyResponse(withoutIt, header, facts, 'b', NOW)).toEqual({
      ok: false,
      error: 'unknown_key',
    });
  });

  it.each([
    ['older than the skew', NOW + 301, {}, 'stale'],
    ['newer than the skew', NOW - 301, {}, 'stale'],
    ['another method', NOW, { method: 'POST' }, 'method_mismatch'],
    ['another status', NOW, { status: 201 }, 'status_mismatch'],
    ['another path', NOW, { path: '/y' }, 'path_mismatch'],
  ])('refuses a header that is %s', async (_, now, change, error) => {
    const facts = { method: 'GET', status: 200, path: '/x' };
    const header = await signResponse(keys, { timestamp: NOW, ...facts }, 'b');
    expect(await verifyResponse(keys.keys, header, { ...facts, ...change }, 'b', now)).toEqual({
      ok: false,
      error,
    });
  });

  it.each([
    ['no method', (header: string) => header.replace(',m=GET', ''), 'method_missing'],
    ['no status', (header: string) => header.replace(',s=200', ''), 'status_missing'],
    ['no timestamp', (header: string) => header.replace(/^t=\d+,/, ''), 'malformed_header'],
    [
      'upper-case signature',
      (header: string) => header.replace(/[0-9a-f]{128}$/, 'A'.repeat(128)),
      'malformed_header',
    ],
    ['empty', () => '', 'malformed_header'],
    [
      'zeroed signature',
      (header: string) => header.replace(/[0-9a-f]{128}$/, '0'.repeat(128)),
      'bad_signature',
    ],
    ['shifted timestamp', (header: string) => header.replace(`t=${NOW}`, `t=${NOW + 1}`), 'bad_signature'],
  ])('refuses a header with %s', async (_, change, error) => {
    const facts = { method: 'GET', status: 200, path: '/x' };
    const header = change(await signResponse(keys, { timestamp: NOW, ...facts }, 'b'));
    expect(await verifyResponse(keys.keys, header, facts, 'b', NOW)).toEqual({ ok: false, error });
  });
});

describe('key set', () => {
  it.each([
    ['no JSON', '{', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['no active_kid', '{"keys":[]}', 'active_kid'],
    ['no keys', '{"active_kid":"a","keys":[]}', 'keys'],
    ['an empty entry', '{"active_kid":"a","keys":[{}]}', 'kid'],
    ['a short public key', '{"active_kid":"a","keys":[{"kid":"a","public_hex":"00"}]}', 'public_hex'],
  ])('refuses %s', async (_, text, fragment) => {
    const result = await parseSigningKeys(text);
    expect(result.ok).toBe(false);
    expect(result.ok ? '' : result.error).toContain(fragment);
  });

  it('refuses an active key without private half, a repeated id, and halves that do not match', async () => {
    const publicOnly = { kid: current.kid, public_hex: current.public_hex };
    for (const document of [
      { active_kid: current.kid, keys: [publicOnly] },
      { active_kid: current.kid, keys: [current, current] },
      { active_kid: 'other', keys: [current] },
      { active_kid: current.kid, keys: [{ ...current, public_hex: previous.public_hex }] },
    ]) {
      const result = await parseSigningKeys(JSON.stringify(document));
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(current.private_jwk.d);
    }
  });

  it('publishes every key in three spellings of the same bytes, and no private half', () => {
    const document = publicKeyDocument(keys);
    expect(document.active_kid).toBe(current.kid);
    expect(document.keys.map((key) => key.kid)).toEqual([current.kid, previous.kid]);
    for (const key of document.keys) {
      expect(Buffer.from(key.public_key_b64, 'base64').toString('hex')).toBe(key.public_key_hex);
      expect(Buffer.from(key.public_key_b64url, 'base64url').toString('hex')).toBe(key.public_key_hex);
    }
    expect(JSON.stringify(document)).not.toContain(current.private_jwk.d);
  });
});

describe('claims', () => {
  const claim = {
    claim_type: 'container',
    iss: 'hoody-api',
    sub: 'u',
    username: 'operator',
    type: 'user',
    iat: NOW,
    exp: NOW + 60,
    containerId: 'c',
  };

  it('gives back what was signed, with the key id in the payload', async () => {
    const signed = await signClaim(keys, claim);
    expect(await verifyClaim(keys.keys, signed, NOW)).toEqual({
      ok: true,
      value: { ...claim, kid: current.kid },
    });
  });

  it('refuses an expired one, one from the future, an unknown key, a changed payload and garbage', async () => {
    const signed = await signClaim(keys, claim);
    const swapped = Buffer.from(JSON.stringify({ ...claim, sub: 'v', kid: current.kid })).toString(
      'base64url',
    );
    const cases = [
      [signed, NOW + 60, 'expired'],
      [signed, NOW - 301, 'not_yet_valid'],
      [{ ...signed, kid: 'nobody' }, NOW, 'unknown_key'],
      [{ ...signed, payload_b64: swapped }, NOW, 'bad_signature'],
      [{ ...signed, payload_b64: '!' }, NOW, 'bad_signature'],
      [{ ...signed, signature_hex: 'zz' }, NOW, 'bad_signature'],
      [{ ...signed, payload_b64: 'a'.repeat(9000) }, NOW, 'malformed_claim'],
    ] as const;
    for (const [candidate, now, error] of cases) {
      expect(await verifyClaim(keys.keys, candidate, now)).toEqual({ ok: false, error });
    }
  });
});

describe('host connect', () => {
  const serverId = 'a'.repeat(24);
  const nonce = '0'.repeat(32);
  const proofAt = (timestamp: number) => {
    const key = createPrivateKey({ key: { ...current.private_jwk }, format: 'jwk' });
    const signature = sign(null, Buffer.from(connectSigningText(serverId, timestamp, nonce)), key).toString(
      'hex',
    );
    return { serverId, timestamp: String(timestamp), nonce, signature };
  };

  it('accepts the holder of the key within the skew', async () => {
    for (const timestamp of [NOW - 300, NOW, NOW + 300]) {
      expect((await verifyHostConnect(current.public_hex, proofAt(timestamp), NOW)).ok).toBe(true);
    }
  });

  it('names clock skew to the holder of the key only', async () => {
    const late = proofAt(NOW - 301);
    expect(await verifyHostConnect(current.public_hex, late, NOW)).toEqual({
      ok: false,
      error: 'HOST_CLOCK_SKEW',
    });
    expect(await verifyHostConnect(previous.public_hex, late, NOW)).toEqual({
      ok: false,
      error: 'HOST_SIGNATURE_INVALID',
    });
  });

  it.each([
    ['another server', { serverId: 'b'.repeat(24) }],
    ['another nonce', { nonce: '1'.repeat(32) }],
    ['a malformed nonce', { nonce: 'x' }],
    ['a malformed timestamp', { timestamp: '1e9' }],
    ['a malformed signature', { signature: 'AB' }],
  ])('refuses %s', async (_, change) => {
    const result = await verifyHostConnect(current.public_hex, { ...proofAt(NOW), ...change }, NOW);
    expect(result).toEqual({ ok: false, error: 'HOST_SIGNATURE_INVALID' });
  });
});
