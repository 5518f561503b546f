import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { generateSigningKey } from '@control-plane/signing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getPublicKey } from '../meta/get-public-key.ts';
import { getSocialStats } from '../meta/get-social-stats.ts';
import { callOperation, type Caller } from '../operation-test-bed.ts';
import { describeAddress } from './describe-address.ts';
import { echoedHeaders } from './echoed-headers.ts';
import { getIpInfo } from './get-ip-info.ts';

const caller: Caller = { userId: 'a'.repeat(24) };
let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
});
afterAll(() => temporary.dispose());

describe('what the server sees of its caller', () => {
  it('is told without what proves identity or is internal', async () => {
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'user-agent': 'agent/1', 'x-realm-id': 'r' };
    const { body } = await callOperation(getIpInfo, temporary.database, caller, { headers });
    expect(body).toMatchObject({
      ip: '203.0.113.7',
      user_agent: 'agent/1',
      referer: '',
      is_logged: true,
      protocol: 'http',
      headers: { 'user-agent': 'agent/1' },
      ip_info: null,
    });
  });

  it.each([
    'authorization',
    'cookie',
    'x-client-address',
    'x-request-id',
    'x-hoody-token',
    'mf-original-url',
  ])('never echoes %s', (name) => {
    expect(echoedHeaders(new Headers({ [name]: 'secret', accept: '*/*' }))).toStrictEqual({ accept: '*/*' });
  });

  it('has the place of an address where the edge knows it', () => {
    const edge = {
      city: 'Paris',
      country: 'FR',
      latitude: '48.8',
      longitude: '2.3',
      asn: 64500,
      postalCode: '',
    };
    expect(describeAddress('203.0.113.7', edge)).toStrictEqual({
      ip: '203.0.113.7',
      city: 'Paris',
      country: 'FR',
      loc: '48.8,2.3',
      asn: { asn: 'AS64500' },
    });
    expect(describeAddress('203.0.113.7', undefined)).toBeNull();
  });
});

describe('public keys', () => {
  it('are the active one and those that a rotation keeps', async () => {
    const [first, second] = [await generateSigningKey(), await generateSigningKey()];
    const keys = [first, { kid: second.kid, public_hex: second.public_hex }];
    const SIGNING_KEYS = JSON.stringify({ active_kid: first.kid, keys });
    const { status, body } = await callOperation(
      getPublicKey,
      temporary.database,
      caller,
      {},
      { SIGNING_KEYS },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      active_kid: first.kid,
      keys: [{ kid: first.kid, public_key_hex: first.public_hex }, { kid: second.kid }],
    });
    expect(JSON.stringify(body)).not.toContain(first.private_jwk.d);
  });

  it.each(['', 'nonsense', '{}'])('are refused by name when the setting is %j', async (SIGNING_KEYS) => {
    const answer = await callOperation(getPublicKey, temporary.database, caller, {}, { SIGNING_KEYS });
    expect(answer).toMatchObject({ status: 503, body: { error: 'SIGNING_NOT_CONFIGURED' } });
  });
});

it('nobody is followed, so every number is unknown', async () => {
  const { body } = await callOperation(getSocialStats, temporary.database, caller);
  expect(Object.values(body as object).every((value) => value === null)).toBe(true);
});
