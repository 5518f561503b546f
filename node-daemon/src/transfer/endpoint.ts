import type { TransferEndpoint } from '@control-plane/contract/link';
import { isIP } from 'node:net';
import os from 'node:os';

/** Where a daemon listens for other hosts. */
export type ListenAddress = { readonly address: string; readonly port: number };

const addressesMax = 16;
/** What the daemon calls its own bridges: machines are behind them, no other host. */
const bridgePattern = /^nd-[0-9a-f]{8}$/;

/** Reads `ADDRESS:PORT`, an IPv6 address in brackets; undefined: it is none. Port 0: any free one. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (address === undefined || isIP(address) === 0 || port > 65_535) return undefined;
  return { address, port };
}

/** What other hosts are told of it: for an address that stands for all, those of this host's interfaces. */
export function endpointOf(listen: ListenAddress): TransferEndpoint | null {
  const { address, port } = listen;
  if (address !== '0.0.0.0' && address !== '::') return { addresses: [address], port };
  const own = Object.entries(os.networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? []).filter((entry) => {
      const reachable = !entry.internal && !entry.address.startsWith('fe80:') && !bridgePattern.test(name);
      return reachable && (entry.family === 'IPv4' || address === '::');
    }),
  );
  const addresses = own.map((entry) => entry.address).slice(0, addressesMax);
  return addresses.length === 0 ? null : { addresses, port };
}
