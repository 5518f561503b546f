/** What a host tells of a machine: its state, what it uses, what runs in it. */
import * as z from 'zod';
import { lazy } from './lazy.ts';
import { count, isoTime } from './link-scalars.ts';

/** What a machine on the host is seen to be; `absent`: the host has nothing of that id. */
export const ObservedState = lazy(() => z.enum(['running', 'stopped', 'paused', 'absent', 'unknown']));
export type ObservedState = z.infer<ReturnType<typeof ObservedState>>;

/** Answer to `ask` of kind `stats`. CPU in nanoseconds since the machine's start; sizes in bytes. */
export const MachineStats = lazy(() =>
  z.strictObject({
    state: ObservedState(),
    started_at: isoTime().nullable(),
    processes: count(),
    cpu_usage_ns: count().nullable(),
    cpu_allocated_ns: count().nullable(),
    memory_bytes: count().nullable(),
    memory_peak_bytes: count().nullable(),
    memory_limit_bytes: count().nullable(),
    disk_bytes: count().nullable(),
    ramdisk_bytes: count().nullable(),
    network: z.array(
      z.strictObject({
        interface: z.string(),
        state: z.string(),
        addresses: z.array(
          z.strictObject({ address: z.string(), family: z.string(), netmask: z.string(), scope: z.string() }),
        ),
        bytes_received: count(),
        bytes_sent: count(),
        packets_received: count(),
        packets_sent: count(),
      }),
    ),
  }),
);
export type MachineStats = z.infer<ReturnType<typeof MachineStats>>;

/** Answer to `ask` of kind `runtime`: the processes and listening sockets inside. */
export const MachineRuntime = lazy(() =>
  z.strictObject({
    processes: z
      .array(z.strictObject({ pid: count(), name: z.string(), command: z.string().max(500) }))
      .max(1000),
    listeners: z
      .array(z.strictObject({ protocol: z.string(), address: z.string(), port: count() }))
      .max(1000),
  }),
);
export type MachineRuntime = z.infer<ReturnType<typeof MachineRuntime>>;

const share = () => z.number().min(0).max(100).nullable();

/** Answer to `ask` of kind `host`: how busy the host is. Sizes in bytes; null where it can't be told. */
export const HostRuntime = lazy(() =>
  z.strictObject({
    uptime_s: count(),
    cores: count(),
    load: z.tuple([z.number(), z.number(), z.number()]),
    /** Of all processors, since the last answer or over a moment. */
    cpu_busy_pct: share(),
    memory_used_bytes: count().nullable(),
    memory_total_bytes: count().nullable(),
    swap_used_bytes: count().nullable(),
    swap_total_bytes: count().nullable(),
    storage_used_bytes: count().nullable(),
    storage_total_bytes: count().nullable(),
  }),
);
export type HostRuntime = z.infer<ReturnType<typeof HostRuntime>>;
