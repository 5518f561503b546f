import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealHost } from './support/real-host.ts';

const OUTSIDE = '192.0.2.2';
const PORT = 8099;

describe('the network of real machines', () => {
  const host = new RealHost();
  let outside: ChildProcess;
  let daemonPort: Server;
  beforeAll(async () => {
    // Says to whoever connects from which address the connection seems to come.
    const script = `require('node:net').createServer((s) => s.end(s.remoteAddress)).listen(${PORT}, '::', () => console.log('up'))`;
    outside = spawn('ip', ['netns', 'exec', 'outside', process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => outside.stdout?.once('data', resolve));
    daemonPort = createServer((socket) => socket.end('the host'));
    await new Promise<void>((resolve) => daemonPort.listen(PORT, '0.0.0.0', resolve));
  });
  afterAll(async () => {
    await host.close();
    outside.kill();
    daemonPort.close();
  });

  const addressInside = 'ip -4 addr show eth0 | sed -n "s/.*inet \\([0-9.]*\\).*/\\1/p"';
  const ask = (address: string): string =>
    `nc -w 2 ${address} ${PORT} </dev/null 2>/dev/null || echo unreachable`;

  it('reaches the outside through NAT', async () => {
    const machine = host.machine();
    await machine.create();
    expect(await machine.shell(ask(OUTSIDE))).toContain('192.0.2.1');
  });

  it('keeps its address over stop, start and a restarted daemon; a deleted one’s can be had again', async () => {
    const machine = host.machine();
    await machine.create();
    const address = await machine.shell(addressInside);
    const hardware = await machine.shell('cat /sys/class/net/eth0/address');
    expect(address).toMatch(/^10\./);
    await machine.stop();
    const other = host.machine();
    await other.create();
    await host.reopen();
    const again = host.machine({ container_id: machine.containerId });
    await again.start();
    expect(await machine.shell(addressInside)).toBe(address);
    expect(await machine.shell('cat /sys/class/net/eth0/address')).toBe(hardware);
    expect(await other.shell(addressInside)).not.toBe(address);
    await again.delete();
    expect(await host.set.network.list()).not.toContain(machine.containerId);
  });

  it('reaches neither another machine nor the host’s ports, by any address', async () => {
    const [left, right] = [host.machine(), host.machine()];
    await left.create();
    await right.create();
    const address = await right.shell(addressInside);
    const gateway = await left.shell('ip route | sed -n "s/default via \\([0-9.]*\\).*/\\1/p"');
    await right.shell(`nc -l -p ${PORT} -e echo hello >/dev/null 2>&1 &`);
    expect(await left.shell(ask(address))).toBe('unreachable');
    expect(await left.shell(`ping -c 1 -W 1 ${address} >/dev/null || echo silent`)).toBe('silent');
    for (const own of [gateway, '192.0.2.1']) expect(await left.shell(ask(own))).toBe('unreachable');
    expect(await left.shell(`ping -c 1 -W 2 ${gateway} >/dev/null && echo answers`)).toBe('answers');
  });

  it('can’t speak with an address that is not its own', async () => {
    const machine = host.machine();
    await machine.create();
    const address = await machine.shell(addressInside);
    const borrowed = address.replace(/\d+$/, '200');
    await machine.shell(`ip addr flush dev eth0; ip addr add ${borrowed}/22 dev eth0; ip link set eth0 up`);
    const gateway = address.replace(/\d+$/, '1');
    await machine.shell(`ip route add default via ${gateway} 2>/dev/null`);
    expect(await machine.shell(ask(OUTSIDE))).toBe('unreachable');
  });
});
