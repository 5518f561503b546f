import { fail, ok, type Result } from '@control-plane/contract/errors';
import ipaddr from 'ipaddr.js';

/** Most entries that a whitelist may have. */
const IP_WHITELIST_ENTRIES_MAX = 100;
const ANY = '*';

/** An address block: raw bytes (4 or 16) and how many leading bits count. */
interface Block {
  readonly bytes: readonly number[];
  readonly prefixBits: number;
}

/**
 * The bytes of an address in plain notation: dotted decimal without leading zeros, or IPv6 without a zone.
 * An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) is the IPv4 address that it stands for.
 */
function parseAddress(text: string): readonly number[] | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toByteArray();
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toByteArray() : address.toByteArray();
}

function parseBlock(text: string): Block | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = parseAddress(address);
  if (bytes === null) return null;
  const bitsMax = bytes.length * 8;
  if (slash < 0) return { bytes, prefixBits: bitsMax };
  const prefix = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix)) return null;
  // A block of mapped addresses is written with IPv6 prefix lengths: /96 there is /0 here.
  const isMapped = bytes.length === 4 && address.includes(':');
  const prefixBits = Number(prefix) - (isMapped ? 96 : 0);
  return prefixBits < 0 || prefixBits > bitsMax ? null : { bytes, prefixBits };
}

function contains(block: Block, bytes: readonly number[]): boolean {
  if (block.bytes.length !== bytes.length) return false;
  for (let bit = 0; bit < block.prefixBits; bit += 8) {
    const index = bit / 8;
    const kept = Math.min(8, block.prefixBits - bit);
    const mask = (0xff << (8 - kept)) & 0xff;
    if ((((block.bytes[index] ?? 0) ^ (bytes[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/**
 * Reads a whitelist as clients write it: an array, a comma-separated string or `*`; IPv4 and IPv6 addresses
 * and CIDR blocks. Answers trimmed entries without repetition, or `['*']` when any of them is `*`.
 *
 * @returns VALIDATION_ERROR naming the first bad entry, for an empty list too: it would lock the token out
 */
export function parseIpWhitelist(input: string | readonly string[]): Result<string[]> {
  const refuse = (message: string) =>
    fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/ip_whitelist', message }] });
  const entries = (typeof input === 'string' ? input.split(',') : input).map((entry) => entry.trim());
  if (entries.length === 0 || entries.length > IP_WHITELIST_ENTRIES_MAX) {
    return refuse(`ip_whitelist takes 1 to ${IP_WHITELIST_ENTRIES_MAX} entries`);
  }
  const bad = entries.find((entry) => entry !== ANY && parseBlock(entry) === null);
  if (bad !== undefined) {
    return refuse(`ip_whitelist: ${JSON.stringify(bad.slice(0, 64))} is no IP address or CIDR block`);
  }
  return ok(entries.includes(ANY) ? [ANY] : [...new Set(entries)]);
}

/** Whether a client's address is on the whitelist. An unreadable address is only on `*`. */
export function isAddressAllowed(whitelist: readonly string[], address: string): boolean {
  if (whitelist.includes(ANY)) return true;
  const bytes = parseAddress(address);
  if (bytes === null) return false;
  return whitelist.some((entry) => {
    const block = parseBlock(entry);
    return block !== null && contains(block, bytes);
  });
}

/** Whether each entry of `child` lies within one entry of `parent`, so that `child` never allows more. */
export function isWhitelistSubset(child: readonly string[], parent: readonly string[]): boolean {
  if (parent.includes(ANY)) return true;
  const blocks = parent.map(parseBlock).filter((block) => block !== null);
  return child.every((entry) => {
    const inner = parseBlock(entry);
    if (inner === null) return false;
    return blocks.some((outer) => outer.prefixBits <= inner.prefixBits && contains(outer, inner.bytes));
  });
}

/** The whitelist of the addresses that both allow; empty when there are none. */
export function intersectWhitelists(one: readonly string[], other: readonly string[]): readonly string[] {
  if (one.includes(ANY)) return other;
  if (other.includes(ANY)) return one;
  // Two blocks lie one within the other or apart, so that the narrower ones are the intersection.
  const within = (inner: readonly string[], outer: readonly string[]) =>
    inner.filter((entry) => isWhitelistSubset([entry], outer));
  return [...new Set([...within(one, other), ...within(other, one)])];
}

/**
 * Who is counted as one client by a rate limiter: an IPv4 address, or the /64 of an IPv6 address, since
 * whoever has one address of a /64 has all of them.
 */
export function addressBucket(address: string): string {
  const bytes = parseAddress(address);
  if (bytes === null) return 'unknown';
  if (bytes.length === 4) return bytes.join('.');
  return `${bytes
    .slice(0, 8)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')}/64`;
}
