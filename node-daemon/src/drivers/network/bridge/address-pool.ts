import { formatIpv4, overlaps, parseIpv4, sizeOf, type Network } from './ipv4.ts';

/** Private addresses that are least used for home and office networks: 10.128.0.0/9. */
const region: Network = { first: 10 * 2 ** 24 + 128 * 2 ** 16, prefix: 9 };
const poolPrefix = 22;

/**
 * The pool of one host: the first network from `seed` on that none of `taken` overlaps; undefined when all
 * are taken. 1021 addresses for machines, one for the host.
 */
export function choosePool(seed: number, taken: readonly Network[]): Network | undefined {
  const size = 2 ** (32 - poolPrefix);
  const count = sizeOf(region) / size;
  for (let offset = 0; offset < count; offset += 1) {
    const pool = { first: region.first + ((seed + offset) % count) * size, prefix: poolPrefix };
    if (!taken.some((network) => overlaps(network, pool))) return pool;
  }
  return undefined;
}

/** The host's own address in its pool. */
export function gatewayOf(pool: Network): string {
  return formatIpv4(pool.first + 1);
}

/** All addresses for machines, in order. */
export function machineAddresses(pool: Network): string[] {
  return Array.from({ length: sizeOf(pool) - 3 }, (_, index) => formatIpv4(pool.first + 2 + index));
}

/**
 * The hardware address that belongs to an address of the pool: locally administered, the same on every
 * host. The rules of the bridge hold each machine to its pair.
 */
export function hardwareAddressOf(address: string): string {
  const value = parseIpv4(address) ?? 0;
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
  return [0x0a, 0xc0, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
