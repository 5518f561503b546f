import { fail, ok, type Result } from '@control-plane/contract/errors';
import { HostRuntime, MachineStats } from '@control-plane/contract/link';
import { listRunningContainers, type RentalListing } from '@control-plane/database';
import type { Env } from '../env.ts';
import { hostObject } from '../objects.ts';

const ASK_TIMEOUT_MS = 3_000;
const RETRY_AFTER_SECONDS = 5;
/** An answer is used again for this long. */
const CACHE_MS = 2_000;
const CACHE_ENTRIES_MAX = 500;
/** Machines of one renter that are measured. */
const CONTAINERS_MAX = 50;

const GIB = 1024 ** 3;

const hosts = new Map<string, { readonly atMs: number; readonly runtime: HostRuntime }>();

const share = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole === 0 ? null : Math.round((part / whole) * 1000) / 10;

/** How busy a whole server is; RUNTIME_UNAVAILABLE when its host can't be asked. */
export async function readServerRuntime(env: Env, { server }: RentalListing, nowMs: number) {
  const cached = hosts.get(server.id);
  const known = cached !== undefined && nowMs - cached.atMs < CACHE_MS ? cached : null;
  const fresh = known === null ? await askHost(env, server.id, nowMs) : ok(known);
  if (!fresh.ok) return fresh;
  const { atMs, runtime } = fresh.value;
  const [one, five, fifteen] = runtime.load;
  return ok({
    scope: 'server' as const,
    ts: new Date(atMs).toISOString(),
    cache_age_ms: Math.max(0, nowMs - atMs),
    stale: false,
    uptime_s: runtime.uptime_s,
    cores: runtime.cores,
    load: { 1: one, 5: five, 15: fifteen },
    cpu: { busy_pct: runtime.cpu_busy_pct },
    mem: {
      used_bytes: runtime.memory_used_bytes,
      total_bytes: runtime.memory_total_bytes,
      pct: share(runtime.memory_used_bytes, runtime.memory_total_bytes),
    },
    swap: { used_bytes: runtime.swap_used_bytes, total_bytes: runtime.swap_total_bytes },
    storage: {
      used_bytes: runtime.storage_used_bytes,
      total_bytes: runtime.storage_total_bytes,
      pct: share(runtime.storage_used_bytes, runtime.storage_total_bytes),
    },
  });
}

async function askHost(
  env: Env,
  serverId: string,
  nowMs: number,
): Promise<Result<{ atMs: number; runtime: HostRuntime }>> {
  const answer = await hostObject(env, serverId).ask('host', serverId, ASK_TIMEOUT_MS);
  const runtime = answer.ok ? HostRuntime().safeParse(answer.data) : null;
  if (runtime === null || !runtime.success) {
    return fail('RUNTIME_UNAVAILABLE', "The server can't be asked right now", {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  const read = { atMs: nowMs, runtime: runtime.data };
  if (hosts.size >= CACHE_ENTRIES_MAX) hosts.clear();
  hosts.set(serverId, read);
  return ok(read);
}

/**
 * What the renter's own running machines use of a shared server, taken together. `unverified` when some of
 * them could not be measured. Their limits count only where every one of them has one.
 */
export async function readShareRuntime(
  env: Env,
  database: Parameters<typeof listRunningContainers>[0],
  { rental }: RentalListing,
  nowMs: number,
) {
  const running = await listRunningContainers(database, rental, CONTAINERS_MAX);
  const host = hostObject(env, rental.serverId);
  const asked = await Promise.all(
    running.map(async ({ id }) => {
      const answer = await host.ask('stats', id, ASK_TIMEOUT_MS);
      const stats = answer.ok ? MachineStats().safeParse(answer.data) : null;
      return stats?.success === true ? stats.data : null;
    }),
  );
  const measured = asked.filter((stats) => stats !== null);
  if (running.length > 0 && measured.length === 0) {
    return fail('RUNTIME_UNAVAILABLE', "The server can't be asked right now", {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  const sum = (pick: (stats: MachineStats) => number | null): number =>
    measured.reduce((total, stats) => total + (pick(stats) ?? 0), 0);
  const limitCores = sumOfLimits(running.map(({ cpu }) => cpu));
  const limitGib = sumOfLimits(running.map(({ memory }) => memory));
  const limitBytes = limitGib === null ? null : Math.round(limitGib * GIB);
  const usedBytes = sum((stats) => stats.memory_bytes);
  return ok({
    scope: 'subserver' as const,
    ts: new Date(nowMs).toISOString(),
    cache_age_ms: 0,
    stale: false,
    health: measured.length === running.length ? ('ok' as const) : ('unverified' as const),
    // Hosts count processor time since a machine's start: how much is used just now they don't tell.
    cpu: { usage_cores: null, usage_pct: null, limit_cores: limitCores },
    mem: { used_bytes: usedBytes, limit_bytes: limitBytes, pct: share(usedBytes, limitBytes) },
    disk: { used_bytes: sum((stats) => stats.disk_bytes), limit_bytes: null, pct: null },
    pids: { current: sum((stats) => stats.processes), max: null },
    io: { read_bytes: null, write_bytes: null },
  });
}

function sumOfLimits(limits: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const limit of limits) {
    if (limit === null) return null;
    sum += limit;
  }
  return limits.length === 0 ? null : sum;
}
