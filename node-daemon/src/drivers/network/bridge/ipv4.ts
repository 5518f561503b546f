/** An IPv4 network as numbers: first address and prefix length. */
export type Network = { readonly first: number; readonly prefix: number };

/** Reads dotted decimal; undefined when it is none. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** Writes dotted decimal. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Reads `ADDRESS/PREFIX`; without a prefix it is one address. Undefined when it is none. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefixText = '32'] = text.split('/');
  const value = parseIpv4(address);
  const prefix = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : 33;
  if (value === undefined || prefix > 32) return undefined;
  return { first: value - (value % 2 ** (32 - prefix)), prefix };
}

/** Addresses in a network. */
export function sizeOf(network: Network): number {
  return 2 ** (32 - network.prefix);
}

export function overlaps(left: Network, right: Network): boolean {
  return left.first < right.first + sizeOf(right) && right.first < left.first + sizeOf(left);
}

export function formatNetwork({ first, prefix }: Network): string {
  return `${formatIpv4(first)}/${prefix}`;
}
