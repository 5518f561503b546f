import { CpuScoreType, DiskType, RamType } from '@control-plane/contract';
import { specsOfFacts, totalStorageGb, type ServerSpecs } from '@control-plane/rentals';

/**
 * What a server is made of: what its operator stated, else what its host says of itself.
 *
 * @param specsJson ServerSpecs as stored, or null
 * @param factsJson the host's facts as stored, or null
 */
export function specsOf(specsJson: string | null, factsJson: string | null): ServerSpecs {
  // Written by the operator's command only, which checks it.
  if (specsJson !== null) return JSON.parse(specsJson) as ServerSpecs;
  const facts: unknown = factsJson === null ? null : JSON.parse(factsJson);
  return specsOfFacts(facts);
}

/** The wire form of what a server is made of. */
export function presentSpecs(specs: ServerSpecs) {
  return {
    cpu: presentCpu(specs),
    ram:
      specs.ramGb === undefined
        ? null
        : {
            capacity_gb: specs.ramGb,
            type: RamType().safeParse(specs.ramType).data ?? null,
            speed_mhz: specs.ramSpeedMhz ?? null,
          },
    disks: presentDisks(specs),
    network: presentNetwork(specs),
    additional: { ipv4_count: specs.ipv4Count ?? 0, ipv6_enabled: specs.ipv6Enabled ?? false },
  };
}

function presentCpu({ cpuModel, cpuCores, cpuThreads, cpuScore, cpuScoreType }: ServerSpecs) {
  if (cpuModel === undefined && cpuCores === undefined) return null;
  return {
    model: cpuModel ?? null,
    cores: cpuCores ?? null,
    threads: cpuThreads ?? null,
    score: cpuScore ?? null,
    score_type: CpuScoreType().safeParse(cpuScoreType).data ?? null,
  };
}

/** Disks in wire form; an unknown type is called by the most usual one. */
export function presentDiskUnits({ disks = [] }: ServerSpecs) {
  return disks.map(({ type, capacityGb, count, interface: bus, model }) => ({
    count,
    capacity_gb: capacityGb,
    type: DiskType().safeParse(type).data ?? ('SSD' as const),
    ...(bus === undefined ? {} : { interface: bus }),
    ...(model === undefined ? {} : { model }),
  }));
}

function presentDisks(specs: ServerSpecs) {
  const total = totalStorageGb(specs);
  if (total === undefined) return null;
  const config = presentDiskUnits(specs);
  const summary = config.map(({ count, capacity_gb: size, type }) => `${count} × ${size} GB ${type}`);
  return { config, total_gb: total, summary: summary.join(' + ') };
}

function presentNetwork({ bandwidthMbps, trafficTb, trafficUnlimited }: ServerSpecs) {
  if (bandwidthMbps === undefined && trafficTb === undefined && trafficUnlimited === undefined) return null;
  return {
    bandwidth_mbps: bandwidthMbps ?? null,
    bandwidth_formatted: bandwidthMbps === undefined ? null : formatBandwidth(bandwidthMbps),
    traffic_tb: trafficTb ?? null,
    traffic_unlimited: trafficUnlimited ?? false,
  };
}

function formatBandwidth(mbps: number): string {
  return mbps >= 1000 ? `${mbps / 1000} Gbps` : `${mbps} Mbps`;
}

interface Place {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly datacenter: string | null;
}

/** Where a server stands; what is not known is left out. */
export function presentPlace({ country, region, city, datacenter }: Place) {
  return {
    ...(country === null ? {} : { country }),
    ...(region === null ? {} : { region }),
    ...(city === null ? {} : { city }),
    ...(datacenter === null ? {} : { datacenter }),
  };
}
