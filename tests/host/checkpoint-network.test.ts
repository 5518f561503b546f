import { beforeAll, describe, expect, it } from 'vitest';
import { inNetworkOf } from './support/host-pids.ts';
import { provideMachine } from './support/provide-machine.ts';

const rules = `table inet guard {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "eth0" tcp dport 4444 drop
  }
}
`;

describe('what a machine changed in its network, and a snapshot with memory', () => {
  const machine = provideMachine({ image: 'busybox', memory_bytes: 96 * 1024 * 1024 });
  const { snapshot } = machine;
  const { container_id: id } = machine.spec;
  beforeAll(() => machine.run('create'));

  const inNetwork = (command: string, input = ''): string => inNetworkOf(id, command, input);

  it('firewall rules and kernel settings come back with it', async () => {
    inNetwork('nft -f -', rules);
    inNetwork('echo 1 >/proc/sys/net/ipv4/ip_forward; echo 300 >/proc/sys/net/ipv4/tcp_keepalive_time');
    const before = inNetwork('nft list ruleset');
    expect(await snapshot('guarded')).toMatchObject({ type: 'completed' });
    expect(await machine.restore('guarded')).toMatchObject({ result: { restored_as: 'memory' } });
    expect(inNetwork('nft list ruleset')).toBe(before);
    expect(inNetwork('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/tcp_keepalive_time')).toBe(
      '1\n300\n',
    );
    expect(await snapshot('once-more')).toMatchObject({ type: 'completed' });
  });

  it.each([
    [
      'address add 10.9.9.9/24 dev eth0',
      'address delete 10.9.9.9/24 dev eth0',
      'has the address 10.9.9.9/24',
    ],
    ['address add 127.0.0.9/8 dev lo', 'address delete 127.0.0.9/8 dev lo', 'lo has the address 127.0.0.9/8'],
    ['route add 198.51.100.0/24 dev lo', 'route delete 198.51.100.0/24', 'a route to 198.51.100.0/24'],
    ['route add blackhole 203.0.113.0/24 table 7', 'route flush table 7', 'a route to 203.0.113.0/24'],
    ['rule add priority 90 table 7', 'rule delete priority 90', 'a routing rule of priority 90'],
    ['link set dev eth0 mtu 1400', 'link set dev eth0 mtu 1500', 'eth0 has an MTU of 1400'],
    [
      'neighbour add 10.9.9.8 lladdr 02:00:00:00:00:01 dev eth0',
      'neighbour delete 10.9.9.8 dev eth0',
      'a fixed neighbour',
    ],
  ])('ip %s is refused by name, and only as long as it is so', async (change, back, words) => {
    inNetwork(`ip ${change}`);
    expect(await snapshot('changed')).toMatchObject({
      type: 'failed',
      error: { code: 'CAPABILITY_MISSING', state: 'running', message: expect.stringContaining(words) },
    });
    inNetwork(`ip ${back}`);
    const held = await snapshot(`after-${words.replaceAll(/[^a-z0-9]+/gi, '-')}`);
    expect(held).toMatchObject({ type: 'completed' });
  });
});
