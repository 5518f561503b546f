import type { MachineStats } from '@control-plane/contract/link';
import * as z from 'zod';
import { runBriefly } from '../../../command-shell/run-briefly.ts';

const timeoutMs = 20_000;

const count = z.number().int().nonnegative().catch(0);
const Interface = z.object({
  ifname: z.string(),
  operstate: z.string().catch('UNKNOWN'),
  flags: z.array(z.string()).catch([]),
  addr_info: z
    .array(
      z.object({
        family: z.string(),
        local: z.string(),
        prefixlen: z.number(),
        scope: z.string().catch('global'),
      }),
    )
    .catch([]),
  stats64: z.object({
    rx: z.object({ bytes: count, packets: count }),
    tx: z.object({ bytes: count, packets: count }),
  }),
});

/** The interfaces in the network namespace of a process, with addresses and counters; none when it is gone. */
export async function describeInterfaces(initPid: number): Promise<MachineStats['network']> {
  try {
    const listing = [`--net=/proc/${initPid}/ns/net`, 'ip', '-json', '-statistics', 'address', 'show'];
    return parseInterfaces(await runBriefly({ command: 'nsenter', argv: listing, timeoutMs }));
  } catch {
    return [];
  }
}

/** Parses what `ip -json -statistics address show` prints. */
export function parseInterfaces(text: string): MachineStats['network'] {
  return z
    .array(Interface)
    .parse(JSON.parse(text))
    .map(({ ifname, flags, addr_info: addresses, stats64: { rx, tx } }) => ({
      interface: ifname,
      state: flags.includes('UP') ? 'up' : 'down',
      addresses: addresses.map((each) => ({
        address: each.local,
        family: each.family,
        netmask: String(each.prefixlen),
        scope: each.scope === 'host' ? 'local' : each.scope,
      })),
      bytes_received: rx.bytes,
      packets_received: rx.packets,
      bytes_sent: tx.bytes,
      packets_sent: tx.packets,
    }));
}
