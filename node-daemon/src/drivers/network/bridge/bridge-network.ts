import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { done, fail, type Outcome } from '../../../outcome.ts';
import type { Machine, NetworkDriver } from '../../types.ts';
import { choosePool, gatewayOf, hardwareAddressOf } from './address-pool.ts';
import { runCommand, runCommandSync } from './commands.ts';
import { parseNetwork, type Network } from './ipv4.ts';
import { LeaseBook } from './lease-book.ts';
import { bridgeRules } from './rules.ts';

/** How a machine is connected: its eth0 has the address and the hardware address, its default route the gateway. */
export type Connection = {
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly hardware: string;
};

const Routes = z.array(z.object({ dst: z.string() }));

/**
 * Machines on a bridge of the daemon's own: each has a veth that is made from outside, an address that it
 * keeps until it is deleted, and NAT to the outside. See `bridgeRules` for what it can't reach.
 */
export class BridgeNetwork implements NetworkDriver {
  readonly name = 'bridge';
  readonly capabilities = { network: true };
  readonly #bridge: string;
  readonly #table: string;
  readonly #hash: string;
  readonly #book: LeaseBook;
  readonly #pool: Network;

  /**
   * Makes the bridge and its rules, or finds them. Throws, naming the program that failed, when this host
   * can't have them.
   */
  constructor(dataDir: string) {
    this.#hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
    this.#bridge = `nd-${this.#hash}`;
    this.#table = `node_daemon_${this.#hash}`;
    this.#book = new LeaseBook(path.join(dataDir, 'network'));
    const pool = this.#book.pool(() => choosePool(Number.parseInt(this.#hash, 16), readRoutes()));
    if (pool === undefined) throw new Error('every network of 10.128.0.0/9 is in use on this host');
    this.#pool = pool;
    this.#setUp();
  }

  /** What a machine's interface is called on the host; at most 15 characters. */
  interfaceOf(containerId: string): string {
    const key = createHash('sha256').update(containerId).digest('hex').slice(0, 8);
    return `v${this.#hash.slice(0, 5)}${key}`;
  }

  /** The address that a machine has or will have; undefined when it was never connected. */
  addressOf(containerId: string): string | undefined {
    return this.#book.find(containerId);
  }

  /** What a machine is given when it is connected; undefined when it never was. */
  connectionOf(containerId: string): Connection | undefined {
    const address = this.#book.find(containerId);
    if (address === undefined) return undefined;
    const { prefix } = this.#pool;
    return { address, prefix, gateway: gatewayOf(this.#pool), hardware: hardwareAddressOf(address) };
  }

  async attach(machine: Machine, initPid: number): Promise<Outcome<undefined>> {
    const containerId = machine.spec.container_id;
    const address = this.#book.lease(containerId, this.#pool);
    if (address === undefined) return fail('CAPACITY_EXCEEDED', 'The host has no addresses left.');
    const outside = this.interfaceOf(containerId);
    const hardware = hardwareAddressOf(address);
    try {
      if (hasInterface(outside)) await this.detach(containerId);
      const host = [
        `link add name ${outside} type veth peer name eth0 address ${hardware} netns ${initPid}`,
        `link set dev ${outside} master ${this.#bridge} up`,
        `link set dev ${outside} type bridge_slave isolated on learning off`,
        `neigh replace ${address} lladdr ${hardware} dev ${this.#bridge} nud permanent`,
      ];
      const inside = [
        `link set dev lo up`,
        `address add ${address}/${this.#pool.prefix} dev eth0`,
        `link set dev eth0 up`,
        `route replace default via ${gatewayOf(this.#pool)} dev eth0`,
      ];
      await runCommand('ip', ['-batch', '-'], lines(host));
      await Promise.all([
        runCommand('bridge', ['fdb', 'replace', hardware, 'dev', outside, 'master', 'static']),
        runCommand('nsenter', [`--net=/proc/${initPid}/ns/net`, 'ip', '-batch', '-'], lines(inside)),
      ]);
      return done;
    } catch {
      await this.detach(containerId);
      return fail('DRIVER_FAILED', 'The machine could not be connected to the network.');
    }
  }

  async detach(containerId: string): Promise<Outcome<undefined>> {
    const outside = this.interfaceOf(containerId);
    const address = this.#book.find(containerId);
    const orders = [
      ...(hasInterface(outside) ? [`link delete dev ${outside}`] : []),
      // The kernel removes the interface with the machine's last process, but not what the bridge knows of it.
      ...(address !== undefined && hasNeighbour(address, this.#bridge)
        ? [`neigh delete ${address} dev ${this.#bridge}`]
        : []),
    ];
    // With -force a line that fails, because the kernel was faster, does not stop the next.
    if (orders.length > 0) await runCommand('ip', ['-force', '-batch', '-'], lines(orders)).catch(() => '');
    if (!hasInterface(outside)) return done;
    return fail('DRIVER_FAILED', 'The machine’s network interface could not be removed.');
  }

  async release(containerId: string): Promise<Outcome<undefined>> {
    const detached = await this.detach(containerId);
    if (!detached.ok) return detached;
    this.#book.release(containerId);
    return done;
  }

  async list(): Promise<string[]> {
    return this.#book.list();
  }

  /** Takes bridge and rules away when no machine is connected. */
  close(): void {
    try {
      const ports = runCommandSync('ip', ['-oneline', 'link', 'show', 'master', this.#bridge]);
      if (ports.trim() !== '') return;
      runCommandSync('ip', ['link', 'delete', 'dev', this.#bridge]);
      runCommandSync('nft', ['delete', 'table', 'inet', this.#table]);
    } catch {
      // Gone already, or kept for the next start, which makes them anew.
    }
  }

  #setUp(): void {
    const gateway = gatewayOf(this.#pool);
    const exists = hasInterface(this.#bridge);
    const orders = [
      // Without a hardware address of its own a bridge takes the lowest of its ports', which come and go. It is set
      // once: setting it again, even to what it is, makes the kernel forget its neighbours.
      ...(exists
        ? []
        : [
            `link add name ${this.#bridge} address ${hardwareAddressOf(gateway)} type bridge mcast_snooping 0`,
          ]),
      `address replace ${gateway}/${this.#pool.prefix} dev ${this.#bridge}`,
      `link set dev ${this.#bridge} up`,
    ];
    // The rules come first: no machine is ever connected without them.
    runCommandSync('nft', ['-f', '-'], bridgeRules(this.#table, this.#bridge, this.#pool));
    runCommandSync('ip', ['-batch', '-'], lines(orders));
    writeFileSync(`/proc/sys/net/ipv6/conf/${this.#bridge}/disable_ipv6`, '1');
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  }
}

function readRoutes(): Network[] {
  const text = runCommandSync('ip', ['-json', '-4', 'route', 'show', 'table', 'all']);
  return Routes.parse(JSON.parse(text)).flatMap(({ dst }) => parseNetwork(dst) ?? []);
}

/** Asked of the kernel's list for this process: what /sys shows may belong to another network namespace. */
function hasInterface(name: string): boolean {
  return readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .some((line) => line.trim().startsWith(`${name}:`));
}

/** Whether the kernel has a hardware address for this address, a permanent one included. */
function hasNeighbour(address: string, device: string): boolean {
  return readFileSync('/proc/self/net/arp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .some((words) => words[0] === address && words.at(-1) === device);
}

function lines(orders: readonly string[]): string {
  return `${orders.join('\n')}\n`;
}
