/** What a server on the market is made of. Pure. */

export interface DiskUnit {
  readonly type: string;
  readonly capacityGb: number;
  readonly count: number;
  readonly interface?: string | undefined;
  readonly model?: string | undefined;
}
/** Everything is optional: what is not known is not shown, and matches no filter that asks for it. */
export interface ServerSpecs {
  readonly cpuModel?: string | undefined;
  readonly cpuCores?: number | undefined;
  readonly cpuThreads?: number | undefined;
  readonly cpuScore?: number | undefined;
  readonly cpuScoreType?: string | undefined;
  readonly ramGb?: number | undefined;
  readonly ramType?: string | undefined;
  readonly ramSpeedMhz?: number | undefined;
  readonly disks?: readonly DiskUnit[] | undefined;
  readonly bandwidthMbps?: number | undefined;
  readonly trafficTb?: number | undefined;
  readonly trafficUnlimited?: boolean | undefined;
  readonly ipv4Count?: number | undefined;
  readonly ipv6Enabled?: boolean | undefined;
}

/** All disks together, in GB; undefined when none is known. */
export function totalStorageGb({ disks }: ServerSpecs): number | undefined {
  return disks?.reduce((sum, { capacityGb, count }) => sum + capacityGb * count, 0);
}

const GIB = 1024 ** 3;

/**
 * What a host said of itself, for a listing whose operator stated nothing more: processors, memory, disk.
 *
 * @param facts the `facts` of its hello, as stored
 */
export function specsOfFacts(facts: unknown): ServerSpecs {
  const fact = (name: string): number | undefined => {
    const value: unknown = typeof facts === 'object' && facts !== null ? Reflect.get(facts, name) : undefined;
    return typeof value === 'number' && value > 0 ? value : undefined;
  };
  const cores = fact('cpu_cores');
  const memoryBytes = fact('memory_bytes');
  const diskBytes = fact('disk_bytes');
  return {
    ...(cores === undefined ? {} : { cpuCores: cores, cpuThreads: cores }),
    ...(memoryBytes === undefined ? {} : { ramGb: Math.round((memoryBytes / GIB) * 10) / 10 }),
    ...(diskBytes === undefined
      ? {}
      : { disks: [{ type: 'SSD', capacityGb: Math.round(diskBytes / 1e9), count: 1 }] }),
  };
}
