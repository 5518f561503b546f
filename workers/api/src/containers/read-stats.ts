import { fail, ok, type Result } from '@control-plane/contract';
import { MachineStats } from '@control-plane/contract/link';
import type { ContainerListing } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { AuthenticatedContext } from '../context.ts';
import { hostGateway } from '../objects/gateways.ts';

const ASK_TIMEOUT_MS = 5_000;
/** Numbers of the machine's state as existing clients know them. */
const STATUS_CODES: Partial<Record<string, number>> = {
  running: 103,
  stopped: 102,
  paused: 110,
  failed: 400,
};
const EPOCH = new Date(0).toISOString();

/** What a container uses now, in wire form. HOST_UNAVAILABLE or RUNTIME_UNAVAILABLE when its host can't tell. */
export async function readContainerStats(
  context: AuthenticatedContext,
  listing: ContainerListing,
  record: ContainerRecord = listing.record,
): Promise<Result<ReturnType<typeof presentStats>>> {
  const startedAt = Date.now();
  const host = hostGateway(context.env, record.serverId);
  const answer = await host.ask('stats', record.id, ASK_TIMEOUT_MS);
  if (!answer.ok) {
    if (answer.reason === 'offline') {
      return fail('HOST_UNAVAILABLE', `Server "${record.serverName}" is not connected right now`);
    }
    return fail('RUNTIME_UNAVAILABLE', `The server could not measure the container: ${answer.message}`);
  }
  const stats = MachineStats().safeParse(answer.data);
  if (!stats.success) return fail('RUNTIME_UNAVAILABLE', 'The server gave an answer that could not be read');
  return ok(presentStats(listing, record, stats.data, Date.now() - startedAt));
}

/** The entry of a container that could not be measured, for lists. */
export function unmeasuredStats(listing: ContainerListing) {
  return {
    ...identity(listing, listing.record),
    processes: 0,
    started_at: EPOCH,
    cpu: null,
    memory: null,
    disk: {},
    network: [],
    processing_time: '0ms',
  };
}

function identity(listing: ContainerListing, record: ContainerRecord) {
  return {
    id: record.id,
    project_id: record.projectId,
    project_name: listing.projectAlias,
    server_name: record.serverName,
    status: record.status,
    status_code: STATUS_CODES[record.status] ?? 0,
  };
}

function presentStats(
  listing: ContainerListing,
  record: ContainerRecord,
  stats: MachineStats,
  tookMs: number,
) {
  const {
    cpu_usage_ns: cpuNs,
    cpu_allocated_ns: allocatedNs,
    memory_bytes: memory,
    memory_limit_bytes: limit,
  } = stats;
  return {
    ...identity(listing, record),
    processes: stats.processes,
    started_at: stats.started_at ?? EPOCH,
    cpu:
      cpuNs === null
        ? null
        : {
            usage: cpuNs,
            ...(allocatedNs === null || allocatedNs === 0
              ? {}
              : { allocated_time: allocatedNs, usage_percent: percent(cpuNs, allocatedNs) }),
          },
    memory:
      memory === null
        ? null
        : {
            usage: memory,
            ...(limit === null ? {} : { total: limit, usage_percent: percent(memory, limit) }),
            ...(stats.memory_peak_bytes === null ? {} : { usage_peak: stats.memory_peak_bytes }),
          },
    ramdisk: {
      scope: record.ramdiskScope,
      shared_pool_maximum: null,
      capacity_reserved: false,
      usage:
        stats.ramdisk_bytes === null ? null : { private: stats.ramdisk_bytes, secrets: null, project: null },
    },
    disk: { root: stats.disk_bytes === null ? {} : { usage: stats.disk_bytes } },
    network: stats.network.map(({ interface: name, state, addresses, ...counters }) => ({
      interface: name,
      state,
      type: name === 'lo' ? 'loopback' : 'broadcast',
      addresses,
      counters,
    })),
    processing_time: `${tookMs}ms`,
  };
}

function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 100;
}
