import { describe, expect, it } from 'vitest';
import { choosePool, gatewayOf, hardwareAddressOf, machineAddresses } from './address-pool.ts';
import { formatIpv4, formatNetwork, overlaps, parseIpv4, parseNetwork } from './ipv4.ts';

describe('IPv4 text', () => {
  it.each([
    ['0.0.0.0', 0],
    ['10.0.0.1', 167_772_161],
    ['255.255.255.255', 4_294_967_295],
  ])('%s is read and written', (text, value) => {
    expect(parseIpv4(text)).toBe(value);
    expect(formatIpv4(value)).toBe(text);
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.1.1.1', 'a.b.c.d', '1.2.3.4/33', '1.2.3.4/x'])(
    '“%s” is refused',
    (text) => expect(parseNetwork(text)).toBeUndefined(),
  );

  it('a network begins at its first address, an address alone is a network of one', () => {
    expect(formatNetwork(parseNetwork('10.1.2.3/22') ?? { first: 0, prefix: 0 })).toBe('10.1.0.0/22');
    expect(parseNetwork('10.1.2.3')).toEqual({ first: parseIpv4('10.1.2.3'), prefix: 32 });
  });
});

describe('the pool of a host', () => {
  const pool = { first: parseIpv4('10.200.4.0') ?? 0, prefix: 22 };

  it('has an address for the host and 1021 for machines, none of them the first or the last', () => {
    const addresses = machineAddresses(pool);
    expect(gatewayOf(pool)).toBe('10.200.4.1');
    expect(addresses).toHaveLength(1021);
    expect([addresses[0], addresses.at(-1)]).toEqual(['10.200.4.2', '10.200.7.254']);
  });

  it('is no network that the host uses already', () => {
    const first = choosePool(5, []);
    if (first === undefined) throw new Error('no pool');
    const next = choosePool(5, [first]);
    if (next === undefined) throw new Error('no second pool');
    expect(overlaps(first, next)).toBe(false);
    expect(choosePool(5, [{ first: parseIpv4('10.0.0.0') ?? 0, prefix: 8 }])).toBeUndefined();
  });

  it('gives each address a hardware address of its own, locally administered', () => {
    expect(hardwareAddressOf('10.200.4.2')).toBe('0a:c0:0a:c8:04:02');
    expect(new Set(machineAddresses(pool).map(hardwareAddressOf)).size).toBe(1021);
  });
});
