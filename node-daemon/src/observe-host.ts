import type { HostRuntime } from '@control-plane/contract/link';
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** Processors are watched for this long. */
const SAMPLE_MS = 200;

/** How busy this machine is now, and how full the file system that `dataDir` is on. Takes {@link SAMPLE_MS}. */
export async function observeHost(dataDir: string): Promise<HostRuntime> {
  const before = processorTimes();
  await pause(SAMPLE_MS);
  const after = processorTimes();
  const [memory, storage] = await Promise.all([readMemory(), readStorage(dataDir)]);
  const [one = 0, five = 0, fifteen = 0] = os.loadavg();
  return {
    uptime_s: Math.floor(os.uptime()),
    cores: os.availableParallelism(),
    load: [one, five, fifteen],
    cpu_busy_pct: busyShare(before, after),
    ...memory,
    ...storage,
  };
}

interface ProcessorTimes {
  readonly busy: number;
  readonly all: number;
}

function processorTimes(): ProcessorTimes {
  let busy = 0;
  let all = 0;
  for (const { times } of os.cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}

function busyShare(before: ProcessorTimes, after: ProcessorTimes): number | null {
  const all = after.all - before.all;
  if (all <= 0) return null;
  const share = ((after.busy - before.busy) / all) * 100;
  return Math.min(100, Math.max(0, Math.round(share * 10) / 10));
}

type Memory = Pick<
  HostRuntime,
  'memory_used_bytes' | 'memory_total_bytes' | 'swap_used_bytes' | 'swap_total_bytes'
>;

/** proc_meminfo(5). What could be had without swapping counts as free. */
async function readMemory(): Promise<Memory> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const bytesOf = (name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const used = (total: number | null, free: number | null): number | null =>
    total === null || free === null ? null : Math.max(0, total - free);
  const total = bytesOf('MemTotal');
  const swapTotal = bytesOf('SwapTotal');
  return {
    memory_used_bytes: used(total, bytesOf('MemAvailable')),
    memory_total_bytes: total,
    swap_used_bytes: used(swapTotal, bytesOf('SwapFree')),
    swap_total_bytes: swapTotal,
  };
}

async function readStorage(
  dataDir: string,
): Promise<Pick<HostRuntime, 'storage_used_bytes' | 'storage_total_bytes'>> {
  const figures = await statfs(dataDir).catch(() => null);
  if (figures === null) return { storage_used_bytes: null, storage_total_bytes: null };
  const { blocks, bfree, bsize } = figures;
  return { storage_used_bytes: (blocks - bfree) * bsize, storage_total_bytes: blocks * bsize };
}
