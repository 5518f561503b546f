import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { writeFileDurably } from '../../../durable-file.ts';
import { machineAddresses } from './address-pool.ts';
import { formatNetwork, parseNetwork, type Network } from './ipv4.ts';

const containerIdPattern = /^[0-9a-f]{24}$/;
const LeaseFile = z.strictObject({ address: z.string() });
const PoolFile = z.strictObject({ pool: z.string() });

/** Which machine has which address, one file each: a lease lives from the first start to the deletion. */
export class LeaseBook {
  readonly #directory: string;
  readonly #leases = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(this.#leaseDirectory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#leaseDirectory)) {
      const lease = LeaseFile.safeParse(readJson(path.join(this.#leaseDirectory, name))).data;
      if (containerIdPattern.test(name) && lease !== undefined) this.#leases.set(name, lease.address);
    }
  }

  /** The recorded pool of this host; `choose` is asked when there is none. */
  pool(choose: () => Network | undefined): Network | undefined {
    const file = path.join(this.#directory, 'pool.json');
    const recorded = parseNetwork(PoolFile.safeParse(readJson(file)).data?.pool ?? '');
    if (recorded !== undefined) return recorded;
    const chosen = choose();
    if (chosen !== undefined) writeFileDurably(file, JSON.stringify({ pool: formatNetwork(chosen) }));
    return chosen;
  }

  find(containerId: string): string | undefined {
    return this.#leases.get(containerId);
  }

  /** The machine's address, the one that it had if it had one; undefined when the pool is used up. */
  lease(containerId: string, pool: Network): string | undefined {
    const known = this.#leases.get(containerId);
    if (known !== undefined) return known;
    const used = new Set(this.#leases.values());
    const address = machineAddresses(pool).find((candidate) => !used.has(candidate));
    if (address === undefined) return undefined;
    writeFileDurably(this.#file(containerId), JSON.stringify({ address }));
    this.#leases.set(containerId, address);
    return address;
  }

  release(containerId: string): void {
    rmSync(this.#file(containerId), { force: true });
    this.#leases.delete(containerId);
  }

  /** Ids of all machines with an address. */
  list(): string[] {
    return [...this.#leases.keys()];
  }

  get #leaseDirectory(): string {
    return path.join(this.#directory, 'leases');
  }

  #file(containerId: string): string {
    return path.join(this.#leaseDirectory, containerId);
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
