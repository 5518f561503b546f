import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBucket, isAddressAllowed, isWhitelistSubset, parseIpWhitelist } from './ip-whitelist.ts';

describe('parseIpWhitelist', () => {
  it.each([
    ['*', ['*']],
    ['10.0.0.1, 10.1.0.0/16', ['10.0.0.1', '10.1.0.0/16']],
    [
      ['2001:db8::/32', '::1'],
      ['2001:db8::/32', '::1'],
    ],
    [['10.0.0.1', '10.0.0.1'], ['10.0.0.1']],
    [['10.0.0.1', '*'], ['*']],
    [['::ffff:10.0.0.0/104'], ['::ffff:10.0.0.0/104']],
  ])('takes %s', (input, value) => {
    expect(parseIpWhitelist(input)).toEqual({ ok: true, value });
  });

  it.each([
    [[]],
    [''],
    ['10.0.0.1,'],
    ['10.0.0'],
    ['10.0.0.256'],
    ['010.0.0.1'],
    ['0x0a.0.0.1'],
    ['10.0.0.1/33'],
    ['10.0.0.1/-1'],
    ['10.0.0.1/08'],
    ['10.0.0.1/'],
    ['::1/129'],
    ['fe80::1%eth0'],
    ['::ffff:10.0.0.0/95'],
    ['localhost'],
    [Array.from({ length: 101 }, (_, index) => `10.0.0.${index}`)],
  ])('refuses %s', (input) => {
    expect(parseIpWhitelist(input)).toMatchObject({ ok: false, error: { code: 'VALIDATION_ERROR' } });
  });
});

describe('isAddressAllowed', () => {
  it.each([
    [['*'], 'anything', true],
    [['10.0.0.0/8'], '10.255.255.255', true],
    [['10.0.0.0/8'], '11.0.0.0', false],
    [['10.0.0.7/8'], '10.1.1.1', true],
    [['0.0.0.0/0'], '203.0.113.9', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '203.0.113.9', false],
    [['203.0.113.9'], '::ffff:203.0.113.9', true],
    [['203.0.113.9'], '::ffff:cb00:7109', true],
    [['::ffff:203.0.113.0/120'], '203.0.113.9', true],
    [['2001:db8::/33'], '2001:db8:7fff::1', true],
    [['2001:db8::/33'], '2001:db8:8000::1', false],
    [['2001:DB8::1'], '2001:db8:0:0:0:0:0:1', true],
    [['10.0.0.1'], 'unknown', false],
    [['10.0.0.1'], '', false],
  ])('%s for %s is %s', (whitelist, address, allowed) => {
    expect(isAddressAllowed(whitelist, address)).toBe(allowed);
  });
});

/** A second implementation: whole addresses as big integers, written with nothing of the first. */
const bytesToText = (bytes: readonly number[]): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, i) =>
        ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
      ).join(':');
const toBigInt = (bytes: readonly number[]): bigint =>
  bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
function within(block: readonly number[], prefix: number, address: readonly number[]): boolean {
  if (block.length !== address.length) return false;
  const shift = BigInt(block.length * 8 - prefix);
  return toBigInt(block) >> shift === toBigInt(address) >> shift;
}
/** Few distinct bytes, so that blocks and addresses meet. No mapped addresses: those have a table above. */
const byte = fc.oneof(fc.constantFrom(0, 127, 128, 255), fc.integer({ min: 0, max: 255 }));
const address = fc.oneof(
  fc.array(byte, { minLength: 4, maxLength: 4 }),
  fc.array(byte, { minLength: 15, maxLength: 15 }).map((rest) => [0x20, ...rest]),
);
const block = address.chain((bytes) =>
  fc.integer({ min: 0, max: bytes.length * 8 }).map((prefix) => ({ bytes, prefix })),
);
const blockText = ({ bytes, prefix }: { bytes: readonly number[]; prefix: number }): string =>
  `${bytesToText(bytes)}/${prefix}`;

describe('CIDR, by property', () => {
  it('agrees with a second implementation', () => {
    fc.assert(
      fc.property(block, address, fc.integer({ min: 0, max: 128 }), (range, stranger, flipped) => {
        const near = [...range.bytes];
        const index = Math.floor(flipped / 8) % near.length;
        near[index] = (near[index] ?? 0) ^ (1 << (flipped % 8));
        for (const candidate of [stranger, near, range.bytes]) {
          expect(isAddressAllowed([blockText(range)], bytesToText(candidate))).toBe(
            within(range.bytes, range.prefix, candidate),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never calls a whitelist a subset that allows an address more', () => {
    const whitelist = fc.array(block.map(blockText), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(whitelist, whitelist, address.map(bytesToText), (child, parent, candidate) => {
        const isSubset = isWhitelistSubset(child, parent);
        const widens = isAddressAllowed(child, candidate) && !isAddressAllowed(parent, candidate);
        expect(isSubset && widens).toBe(false);
        expect(isWhitelistSubset(child, child)).toBe(true);
        expect(isWhitelistSubset(['*'], parent)).toBe(false);
        expect(isWhitelistSubset(child, ['*'])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isWhitelistSubset', () => {
  it.each([
    [['10.1.0.0/16'], ['10.0.0.0/8'], true],
    [['10.0.0.0/8'], ['10.0.0.0/8'], true],
    [['10.0.0.0/7'], ['10.0.0.0/8'], false],
    [['0.0.0.0/0'], ['10.0.0.0/8'], false],
    [['10.1.2.3', '11.1.2.3'], ['10.0.0.0/8'], false],
    [['10.1.2.3', '11.1.2.3'], ['10.0.0.0/8', '11.0.0.0/8'], true],
    [['2001:db8::/48'], ['2001:db8::/32'], true],
    [['2001:db8::/32'], ['10.0.0.0/8'], false],
  ])('%s within %s: %s', (child, parent, isWithin) => {
    expect(isWhitelistSubset(child, parent)).toBe(isWithin);
  });
});

describe('addressBucket', () => {
  it('counts all of an IPv6 /64 as one client, and mapped IPv4 as IPv4', () => {
    expect(addressBucket('2001:db8:1:2:aaaa::1')).toBe(addressBucket('2001:db8:1:2:bbbb::2'));
    expect(addressBucket('2001:db8:1:2::1')).not.toBe(addressBucket('2001:db8:1:3::1'));
    expect(addressBucket('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(addressBucket('no address')).toBe('unknown');
  });
});
