import type { MachineRuntime, MachineStats } from '@control-plane/contract/link';
import { readFileSync } from 'node:fs';

const listed = 1000;

/** The processes of a machine with their numbers inside it, at most 1000. */
export function describeProcesses(hostPids: readonly number[]): MachineRuntime['processes'] {
  const processes: MachineRuntime['processes'] = [];
  for (const hostPid of hostPids) {
    const status = read(`/proc/${hostPid}/status`);
    const pid = /^NSpid:.*\s([0-9]+)$/m.exec(status)?.[1];
    if (pid === undefined || processes.length >= listed) continue;
    const name = /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '';
    const command = read(`/proc/${hostPid}/cmdline`).replaceAll('\0', ' ').trim();
    processes.push({ pid: Number(pid), name, command: command.slice(0, 500) });
  }
  return processes.toSorted((left, right) => left.pid - right.pid);
}

/** Listening TCP and bound UDP sockets in the network namespace of a process, at most 1000. */
export function describeListeners(initPid: number): MachineRuntime['listeners'] {
  const tables = [
    ['tcp', '0A'],
    ['tcp6', '0A'],
    ['udp', '07'],
    ['udp6', '07'],
  ] as const;
  const found = tables.flatMap(([protocol, state]) =>
    parseSockets(read(`/proc/${initPid}/net/${protocol}`), state).map((socket) => ({ protocol, ...socket })),
  );
  return found.slice(0, listed);
}

/** Parses /proc/net/{tcp,udp}[6]: sockets in the state given by its two hex digits. */
export function parseSockets(table: string, state: string): { address: string; port: number }[] {
  const sockets: { address: string; port: number }[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [hexAddress, hexPort] = fields[1]?.split(':') ?? [];
    if (hexAddress === undefined || hexPort === undefined || fields[3] !== state) continue;
    sockets.push({ address: formatAddress(hexAddress), port: Number.parseInt(hexPort, 16) });
  }
  return sockets;
}

/** The kernel prints each 32-bit word of an address in the host's byte order (little-endian). */
function formatAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (words.length === 1) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups: string[] = [];
  for (let index = 0; index < bytes.length; index += 2) {
    groups.push(Number.parseInt(`${bytes[index]}${bytes[index + 1]}`, 16).toString(16));
  }
  return compressIpv6(groups);
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function compressIpv6(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  let start = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === '0') continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  if (best.length === 1) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** The interfaces in the network namespace of a process, with counters and addresses. */
export function describeNetwork(initPid: number): MachineStats['network'] {
  const addresses6 = read(`/proc/${initPid}/net/if_inet6`).split('\n');
  const hasLocal4 = /\b127\.0\.0\.1\n\s+\/32 host LOCAL/.test(read(`/proc/${initPid}/net/fib_trie`));
  const interfaces: MachineStats['network'] = [];
  for (const line of read(`/proc/${initPid}/net/dev`).split('\n').slice(2)) {
    const [name, counters] = line.split(':');
    if (name === undefined || counters === undefined) continue;
    const interfaceName = name.trim();
    const values = counters.trim().split(/\s+/).map(Number);
    const addresses: MachineStats['network'][number]['addresses'] = [];
    if (interfaceName === 'lo' && hasLocal4) {
      addresses.push({ address: '127.0.0.1', family: 'inet', netmask: '8', scope: 'local' });
    }
    for (const entry of addresses6) {
      const [hex, , prefix, scope, , device] = entry.trim().split(/\s+/);
      if (device !== interfaceName || hex === undefined || prefix === undefined) continue;
      const groups = (hex.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16));
      addresses.push({
        address: compressIpv6(groups),
        family: 'inet6',
        netmask: String(Number.parseInt(prefix, 16)),
        scope: scope === '20' ? 'link' : scope === '10' ? 'local' : 'global',
      });
    }
    interfaces.push({
      interface: interfaceName,
      state: addresses.length > 0 ? 'up' : 'down',
      addresses,
      bytes_received: values[0] ?? 0,
      packets_received: values[1] ?? 0,
      bytes_sent: values[8] ?? 0,
      packets_sent: values[9] ?? 0,
    });
  }
  return interfaces;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
