import { MachineSpec, ObservedState } from '@control-plane/contract/link';
import path from 'node:path';
import * as z from 'zod';

/** The daemon's local socket: HTTP with JSON, for operators of this host only (mode 0600). */
export const localPaths = { execute: '/v1/exec', status: '/v1/status', machines: '/v1/machines' } as const;
export const localBodyBytesMax = 4 * 1024 * 1024;
export const outputBytesMax = 1024 * 1024;

/** Path of the local socket of a data directory. */
export function localSocketPath(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'local.sock');
}

export const ExecuteBody = z.strictObject({
  /** Container id, or the name of exactly one machine. */
  container: z.string().min(1).max(100),
  argv: z.array(z.string().max(128 * 1024).regex(/^[^\0]*$/)).min(1).max(1000),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(128 * 1024)).default({}),
  /** Standard input as base64; null: none. */
  stdin_base64: z.base64().nullable().default(null),
  timeout_ms: z.number().int().min(1).max(3_600_000).default(60_000),
}); // prettier-ignore
export type ExecuteBody = z.input<typeof ExecuteBody>;

export const ExecuteAnswer = z.object({
  exit_code: z.number(),
  stdout_base64: z.string(),
  stderr_base64: z.string(),
  /** Whether output beyond 1 MiB per stream was dropped. */
  truncated: z.boolean(),
  timed_out: z.boolean(),
});
export type ExecuteAnswer = z.infer<typeof ExecuteAnswer>;

export const MachineEntry = z.object({
  container_id: z.string(),
  name: z.string().nullable(),
  incarnation: z.number(),
  state: ObservedState(),
  quarantined: z.boolean(),
  spec: MachineSpec().nullable(),
});
export const MachinesAnswer = z.object({ machines: z.array(MachineEntry) });
export type MachinesAnswer = z.infer<typeof MachinesAnswer>;

export const StatusAnswer = z.object({
  version: z.string(),
  server_id: z.string().nullable(),
  server_name: z.string().nullable(),
  control_url: z.string().nullable(),
  link_up: z.boolean(),
  last_refusal: z.string(),
  driver_set: z.string(),
  development_only: z.boolean(),
  notes: z.array(z.string()),
  metrics_port: z.number().nullable(),
  machines: z.number(),
  operations: z.object({ running: z.number(), waiting: z.number() }),
  unacknowledged: z.number(),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;

export const LocalErrorBody = z.object({ code: z.string(), message: z.string() });
