import { beforeAll, describe, expect, it } from 'vitest';
import {
  generateSigningKey,
  parseSigningKeys,
  signClaim,
  signTransferTicket,
  TICKET_LIFETIME_SECONDS_MAX,
  verifyTransferTicket,
  type SigningKeys,
  type TicketExpectation,
  type TransferTicket,
} from './index.ts';

const NOW = 1_800_000_000;
const ticket: Omit<TransferTicket, 'v' | 'kid'> = {
  ticket_id: '1'.repeat(32),
  source_server_id: 'a'.repeat(24),
  target_server_id: 'b'.repeat(24),
  target_public_key: 'c'.repeat(64),
  source_container_id: 'd'.repeat(24),
  copy_point: `copy-${'e'.repeat(24)}`,
  base: null,
  with_snapshots: false,
  expires_at: NOW + 600,
};
const expected = {
  sourceServerId: ticket.source_server_id,
  peerPublicKey: ticket.target_public_key,
  nowSeconds: NOW,
};
let keys: SigningKeys;
let others: SigningKeys;

async function makeKeys(): Promise<SigningKeys> {
  const key = await generateSigningKey();
  const parsed = await parseSigningKeys(JSON.stringify({ active_kid: key.kid, keys: [key] }));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
const errorOf = async (text: string, overrides: Partial<TicketExpectation> = {}): Promise<string> => {
  const verified = await verifyTransferTicket(keys.keys, text, { ...expected, ...overrides });
  return verified.ok ? 'accepted' : verified.error;
};

beforeAll(async () => {
  [keys, others] = await Promise.all([makeKeys(), makeKeys()]);
});

describe('a transfer ticket', () => {
  it('says to the source what it was signed for', async () => {
    const text = await signTransferTicket(keys, { ...ticket, base: `copy-${'f'.repeat(24)}` });
    const verified = await verifyTransferTicket(keys.keys, text, expected);
    expect(verified).toEqual({
      ok: true,
      value: { ...ticket, base: `copy-${'f'.repeat(24)}`, v: 1, kid: keys.activeKid },
    });
    expect(text.length).toBeLessThan(1024);
  });

  it('is refused by name for another source, another peer, a clock that is off, a life too long', async () => {
    const text = await signTransferTicket(keys, ticket);
    expect(await errorOf(text, { sourceServerId: 'f'.repeat(24) })).toBe('other_source');
    expect(await errorOf(text, { peerPublicKey: 'f'.repeat(64) })).toBe('other_target');
    expect(await errorOf(text, { nowSeconds: ticket.expires_at + 60 })).toBe('accepted');
    expect(await errorOf(text, { nowSeconds: ticket.expires_at + 61 })).toBe('expired');
    expect(await errorOf(text, { nowSeconds: NOW + 3600 })).toBe('expired');
    const isUnderWay = (id: string): boolean => id === ticket.ticket_id;
    expect(await errorOf(text, { nowSeconds: NOW + 3600, isUnderWay })).toBe('accepted');
    expect(await errorOf(text, { nowSeconds: NOW + 3600, isUnderWay: () => false })).toBe('expired');
    expect(await errorOf(text, { nowSeconds: NOW - 3600, isUnderWay })).toBe('lives_too_long');
    expect(await errorOf(text, { nowSeconds: NOW - 3600 })).toBe('lives_too_long');
    const eternal = { ...ticket, expires_at: NOW + TICKET_LIFETIME_SECONDS_MAX + 3600 };
    expect(await errorOf(await signTransferTicket(keys, eternal))).toBe('lives_too_long');
  });

  it('is refused when it was forged, altered, cut, or signed for another purpose', async () => {
    const text = await signTransferTicket(keys, ticket);
    expect(await errorOf(await signTransferTicket(others, ticket))).toBe('unknown_key');
    const [payload = '', signature = ''] = text.split('.');
    const changed = Buffer.from(payload, 'base64url')
      .toString()
      .replace('"with_snapshots":false', '"with_snapshots":true');
    expect(await errorOf(`${Buffer.from(changed).toString('base64url')}.${signature}`)).toBe('bad_signature');
    expect(await errorOf(`${payload}.${'0'.repeat(128)}`)).toBe('bad_signature');
    for (const unsigned of [payload, `${payload}.`]) expect(await errorOf(unsigned)).toBe('bad_signature');
    for (const bad of ['', '.', 'a.b', `${text}.x`, text.repeat(9), `${payload.slice(4)}.${signature}`])
      expect(await errorOf(bad)).toBe('malformed_ticket');
    const { kid, v: _v, ...rest } = { ...ticket, kid: keys.activeKid, v: 1 };
    const claim = await signClaim(keys, {
      ...rest,
      claim_type: 'x', iss: 'x', sub: 'x', username: 'x', type: 'x', iat: NOW, exp: NOW, v: 1,
    }); // prettier-ignore
    expect(kid).toBe(claim.kid);
    expect(await errorOf(`${claim.payload_b64}.${claim.signature_hex}`)).toBe('bad_signature');
  });

  it.each([
    ['ticket_id', 'x'],
    ['copy_point', 'snap-1'],
    ['copy_point', '../../etc'],
    ['base', 'snap-1'],
    ['source_container_id', null],
    ['expires_at', '1'],
    ['with_snapshots', 1],
  ])('whose %s is %j is malformed, whoever signed it', async (name, value) => {
    const odd: typeof ticket = { ...ticket, ...Object.fromEntries([[name, value]]) };
    expect(await errorOf(await signTransferTicket(keys, odd))).toBe('malformed_ticket');
  });
});
