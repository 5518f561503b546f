import * as z from 'zod';
import type { Connection } from '../../network/bridge/bridge-network.ts';

const Device = z.object({
  ifname: z.string(),
  flags: z.array(z.string()).catch([]),
  mtu: z.number(),
  qdisc: z.string().catch('noqueue'),
  address: z.string().catch(''),
  addr_info: z
    .array(z.object({ family: z.string(), local: z.string(), prefixlen: z.number(), scope: z.string() }))
    .catch([]),
});
const Route = z.object({
  dst: z.string(),
  dev: z.string().optional(),
  gateway: z.string().optional(),
  protocol: z.string().optional(),
  table: z.string().optional(),
});
const Rule = z.object({ priority: z.number(), src: z.string(), table: z.string().optional() });

/** The network of a machine as the kernel has it. */
export type NetworkView = {
  readonly devices: readonly z.infer<typeof Device>[];
  readonly routes: readonly z.infer<typeof Route>[];
  readonly rules: readonly z.infer<typeof Rule>[];
  /** What there is beside: fixed neighbours, IPsec, rules of iptables' older kind; each empty when there is none. */
  readonly neighbours: string;
  readonly ipsec: string;
  readonly legacyTables: string;
  /** The machine's own firewall as nftables writes it; empty when there is none. */
  readonly firewall: string;
  /** Settings below /proc/sys/net by their paths. */
  readonly settings: Readonly<Record<string, string>>;
};

/** What a dump keeps of it, to be put back. */
export const HeldNetwork = z.strictObject({
  firewall: z.string(),
  settings: z.record(z.string(), z.string()),
});
export type HeldNetwork = z.infer<typeof HeldNetwork>;

/** The parts that {@link networkScript} prints, in its order. */
const parts = ['devices', 'routes', 'rules', 'rules6', 'neighbours', 'ipsec', 'legacy', 'firewall'] as const;
const mark = '--- part of the network';
const settingsBase = '/proc/sys/net/';

/** Prints everything about a network name space; to be run in it by a shell. */
export const networkScript = `ip -json address show; echo '${mark}'
ip -json route show table all; echo '${mark}'
ip -json rule show; echo '${mark}'
ip -json -6 rule show; echo '${mark}'
ip neighbour show nud permanent; echo '${mark}'
{ ip xfrm state; ip xfrm policy; } 2>/dev/null; echo '${mark}'
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null; echo '${mark}'
nft list ruleset; echo '${mark}'
find ${settingsBase} -type f -perm -u=w -exec grep -sH . {} +
true`;

/** Parses what {@link networkScript} printed; throws when that is no such text. */
export function parseNetwork(text: string): NetworkView {
  const found = text.split(`${mark}\n`);
  const part = (name: (typeof parts)[number]): string => found[parts.indexOf(name)]?.trim() ?? '';
  const listOf = <T>(schema: z.ZodType<T>, name: (typeof parts)[number]): T[] =>
    z.array(schema).parse(JSON.parse(part(name) || '[]'));
  return {
    devices: listOf(Device, 'devices'),
    routes: listOf(Route, 'routes'),
    rules: [...listOf(Rule, 'rules'), ...listOf(Rule, 'rules6')],
    neighbours: part('neighbours'),
    ipsec: part('ipsec'),
    legacyTables: part('legacy'),
    firewall: withoutLocks(part('firewall')),
    settings: parseSettings(found[parts.length] ?? ''),
  };
}

/** Names what a machine changed in its network that can't be put back after a restore; empty: nothing. */
export function findNetworkChanges(view: NetworkView, given: Connection | undefined): string[] {
  const changes: string[] = [];
  const note = (text: string): unknown => changes.push(`The machine changed its network: ${text}.`);
  for (const { ifname, flags, mtu, qdisc, address, addr_info: addresses } of view.devices) {
    const isLoop = ifname === 'lo';
    if (!isLoop && ifname !== 'eth0') continue;
    if (!flags.includes('UP')) note(`${ifname} is down`);
    if (mtu !== (isLoop ? 65_536 : 1500)) note(`${ifname} has an MTU of ${mtu}`);
    if (qdisc !== 'noqueue') note(`${ifname} queues its packets by ${qdisc}`);
    if (!isLoop && given !== undefined && address !== given.hardware)
      note(`eth0 has the hardware address ${address}`);
    const expected = isLoop ? ['127.0.0.1/8', '::1/128'] : given && [`${given.address}/${given.prefix}`];
    const found = addresses
      .filter(({ family, scope }) => isLoop || family !== 'inet6' || scope !== 'link')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    for (const each of found)
      if (expected?.includes(each) !== true) note(`${ifname} has the address ${each}`);
    // A kernel without IPv6 has no ::1.
    for (const each of expected ?? []) {
      if (each !== '::1/128' && !found.includes(each)) note(`${ifname} has no longer the address ${each}`);
    }
  }
  const routes = view.routes.filter(({ protocol }) => protocol !== 'kernel');
  const isGiven = (route: (typeof routes)[number]): boolean =>
    route.dst === 'default' &&
    route.table === undefined &&
    route.dev === 'eth0' &&
    route.gateway === given?.gateway;
  for (const route of routes) if (!isGiven(route)) note(`a route to ${route.dst}`);
  if (given !== undefined && !routes.some(isGiven)) note('it has no longer its default route');
  for (const { priority, src, table } of view.rules) {
    const usual = { 0: 'local', 32766: 'main', 32767: 'default' }[priority];
    if (src !== 'all' || table === undefined || table !== usual)
      note(`a routing rule of priority ${priority}`);
  }
  if (view.neighbours !== '') note('a fixed neighbour');
  if (view.ipsec !== '') note('IPsec');
  if (view.legacyTables !== '') note('rules of iptables in its older form');
  if (/\bxt (?:match|target)\b/.test(view.firewall)) note('rules of iptables that nftables can’t write');
  return changes;
}

/** Settings that differ from those that a new machine has on this host. */
export function changedSettings(
  held: Readonly<Record<string, string>>,
  fresh: Readonly<Record<string, string>>,
): [string, string][] {
  return Object.entries(held).filter(([name, value]) => fresh[name] !== undefined && fresh[name] !== value);
}

function parseSettings(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const end = line.indexOf(':');
    if (line.startsWith(settingsBase) && end > 0) settings[line.slice(0, end)] = line.slice(end + 1);
  }
  return settings;
}

/** The tables of CRIU in the output of `nft list tables`, each as the words that name it. */
export function findLocks(tables: string): string[][] {
  return tables
    .split('\n')
    .filter((line) => line.startsWith('table inet CRIU-'))
    .map((line) => line.split(' '));
}

/** CRIU holds connections still by tables of its own, which are there while it works. */
function withoutLocks(ruleset: string): string {
  return ruleset.replace(/^table inet CRIU-[^\n]*\{\n(?:(?:[ \t][^\n]*)?\n)*\}\n?/gm, '').trim();
}
