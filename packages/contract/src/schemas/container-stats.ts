/** What a machine uses right now. CPU times in nanoseconds, sizes in bytes. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { ObjectId, Timestamp } from './scalars.ts';

const Cpu = lazy(() =>
  z.object({
    usage: z.number().optional(),
    allocated_time: z.number().optional(),
    usage_percent: z.number().optional(),
  }),
);

const Memory = lazy(() =>
  z.object({
    usage: z.number().optional(),
    total: z.number().optional(),
    usage_percent: z.number().optional(),
    swap_usage: z.number().optional(),
    swap_usage_peak: z.number().optional(),
    usage_peak: z.number().optional(),
  }),
);

const Ramdisk = lazy(() =>
  z.object({
    scope: z.enum(['container', 'project']),
    shared_pool_maximum: z.number().nullable(),
    capacity_reserved: z.boolean(),
    /** null: not measured. */
    usage: z
      .object({
        private: z.number().nullable().optional(),
        secrets: z.number().nullable().optional(),
        project: z.number().nullable().optional(),
      })
      .nullable(),
  }),
);

const NetworkInterface = lazy(() =>
  z.object({
    interface: z.string().optional(),
    addresses: z
      .array(
        z.object({
          address: z.string().optional(),
          family: z.string().optional(),
          netmask: z.string().optional(),
          scope: z.string().optional(),
        }),
      )
      .optional(),
    counters: z
      .object({
        bytes_received: z.number().optional(),
        bytes_sent: z.number().optional(),
        packets_received: z.number().optional(),
        packets_sent: z.number().optional(),
        errors_received: z.number().optional(),
        errors_sent: z.number().optional(),
        packets_dropped_inbound: z.number().optional(),
        packets_dropped_outbound: z.number().optional(),
      })
      .optional(),
    state: z.string().optional(),
    type: z.string().optional(),
  }),
);

/** `started_at` is the epoch when the machine doesn't run; `processing_time` is a text such as `12ms`. */
export const ContainerStats = lazy(() =>
  z.object({
    id: ObjectId(),
    project_id: ObjectId(),
    project_name: z.string().nullable().optional(),
    server_name: z.string().nullable().optional(),
    subserver_name: z.string().optional(),
    status: z.string(),
    status_code: z.number(),
    processes: z.number(),
    started_at: Timestamp(),
    cpu: Cpu().nullable().optional(),
    memory: Memory().nullable().optional(),
    ramdisk: Ramdisk().optional(),
    disk: z.object({
      root: z.object({ total: z.number().optional(), usage: z.number().optional() }).optional(),
    }),
    network: z.array(NetworkInterface()),
    processing_time: z.string(),
  }),
);
