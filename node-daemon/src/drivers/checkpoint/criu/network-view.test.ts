import { describe, expect, it } from 'vitest';
import {
  changedSettings,
  findLocks,
  findNetworkChanges,
  parseNetwork,
  type NetworkView,
} from './network-view.ts';

const given = { address: '10.1.0.2', prefix: 22, gateway: '10.1.0.1', hardware: '0a:c0:0a:01:00:02' };
const loopAddress = { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' };
const lo = {
  ifname: 'lo',
  flags: ['LOOPBACK', 'UP'],
  mtu: 65_536,
  qdisc: 'noqueue',
  address: '00:00:00:00:00:00',
  addr_info: [loopAddress, { family: 'inet6', local: '::1', prefixlen: 128, scope: 'host' }],
};
const eth0 = {
  ifname: 'eth0',
  flags: ['UP'],
  mtu: 1500,
  qdisc: 'noqueue',
  address: given.hardware,
  addr_info: [
    { family: 'inet', local: given.address, prefixlen: 22, scope: 'global' },
    { family: 'inet6', local: 'fe80::8c0:aff:fe01:2', prefixlen: 64, scope: 'link' },
  ],
};
const view: NetworkView = {
  devices: [lo, eth0],
  routes: [
    { dst: 'default', gateway: given.gateway, dev: 'eth0' },
    { dst: '10.1.0.0/22', dev: 'eth0', protocol: 'kernel' },
  ],
  rules: [
    { priority: 0, src: 'all', table: 'local' },
    { priority: 32_766, src: 'all', table: 'main' },
    { priority: 32_767, src: 'all', table: 'default' },
  ],
  neighbours: '',
  ipsec: '',
  legacyTables: '',
  firewall: '',
  settings: {},
};

describe('the network of a machine', () => {
  it('is as it was given when nothing was changed, with or without a connection', () => {
    expect(findNetworkChanges(view, given)).toEqual([]);
    expect(findNetworkChanges({ ...view, devices: [lo], routes: [] }, undefined)).toEqual([]);
  });

  it.each<[Partial<NetworkView>, string]>([
    [{ devices: [lo, { ...eth0, flags: [] }] }, 'eth0 is down'],
    [{ devices: [{ ...lo, mtu: 1280 }, eth0] }, 'lo has an MTU of 1280'],
    [{ devices: [lo, { ...eth0, qdisc: 'tbf' }] }, 'eth0 queues its packets by tbf'],
    [{ devices: [lo, { ...eth0, address: '02:00:00:00:00:01' }] }, 'hardware address 02:00:00:00:00:01'],
    [{ devices: [lo, { ...eth0, addr_info: [] }] }, 'eth0 has no longer the address 10.1.0.2/22'],
    [
      { devices: [lo, { ...eth0, addr_info: [...eth0.addr_info, { ...loopAddress, scope: 'global' }] }] },
      'eth0 has the address 127.0.0.1/8',
    ],
    [{ routes: [] }, 'no longer its default route'],
    [{ routes: [...view.routes, { dst: '192.0.2.0/24', dev: 'eth0' }] }, 'a route to 192.0.2.0/24'],
    [{ routes: [...view.routes, { dst: 'default', dev: 'lo', table: '9' }] }, 'a route to default'],
    [{ rules: [...view.rules, { priority: 5, src: 'all', table: '9' }] }, 'a routing rule of priority 5'],
    [{ rules: [{ priority: 0, src: '10.0.0.0', table: 'local' }] }, 'a routing rule of priority 0'],
    [{ neighbours: '10.1.0.9 dev eth0' }, 'a fixed neighbour'],
    [{ ipsec: 'src 10.0.0.1 dst 10.0.0.2' }, 'IPsec'],
    [{ legacyTables: 'nat' }, 'rules of iptables in its older form'],
    [{ firewall: 'counter xt target "MASQUERADE"' }, 'rules of iptables that nftables can’t write'],
  ])('is refused by name where it was changed: %#', (change, words) => {
    const changes = findNetworkChanges({ ...view, ...change }, given);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toContain(words);
  });

  it('is read from what its tools print, without the tables that CRIU puts there while it works', () => {
    const mark = '--- part of the network\n';
    const text = [
      JSON.stringify([eth0]),
      JSON.stringify(view.routes),
      JSON.stringify(view.rules.slice(0, 1)),
      '',
      '',
      '',
      'nat\n',
      'table inet CRIU-77 {\n\tchain output {\n\t}\n\n\tchain input {\n\t}\n}\ntable inet own {\n\tset s {\n\t}\n}\n',
      '/proc/sys/net/core/somaxconn:4096\n/proc/sys/net/ipv4/ip_local_port_range:32768\t60999\nnonsense\n',
    ].join(mark);
    const parsed = parseNetwork(text);
    expect(parsed).toMatchObject({ devices: [eth0], routes: view.routes, legacyTables: 'nat' });
    expect(parsed.firewall).toBe('table inet own {\n\tset s {\n\t}\n}');
    expect(parsed.settings).toEqual({
      '/proc/sys/net/core/somaxconn': '4096',
      '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999',
    });
    expect(() => parseNetwork('nonsense')).toThrow();
  });

  it('of its tables only CRIU’s own are locks', () => {
    const tables = 'table inet own\ntable inet CRIU-77\ntable ip CRIU\ntable inet CRIUS\n';
    expect(findLocks(tables)).toEqual([['table', 'inet', 'CRIU-77']]);
    expect(findLocks('')).toEqual([]);
  });

  it('of its settings only those are put back that are others now, and that this host has', () => {
    expect(changedSettings({ a: '1', b: '2', c: '3' }, { a: '1', b: '0' })).toEqual([['b', '2']]);
  });
});
