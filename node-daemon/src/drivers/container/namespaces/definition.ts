import { MachineSpec } from '@control-plane/contract/link';
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { writeFileDurably } from '../../../durable-file.ts';
import type { ProcessIdentity } from './processes.ts';

/** What the driver keeps about a machine in its directory, so that it can be found without the journal. */
export const Definition = z.strictObject({
  incarnation: z.number().int().positive(),
  root_uid: z.number().int().nonnegative(),
  spec: MachineSpec(),
});
export type Definition = z.infer<typeof Definition>;

const InitFile = z.strictObject({
  boot_id: z.string(),
  init: z.strictObject({ pid: z.number().int().positive(), startTicks: z.number().int().nonnegative() }),
  monitor: z.strictObject({ pid: z.number().int().positive(), startTicks: z.number().int().nonnegative() }),
});

/** The two host processes of a running machine: its pid 1, and the parent that waits for it. */
export type RunningProcesses = { readonly init: ProcessIdentity; readonly monitor: ProcessIdentity };

/** Reads a definition; undefined when there is none or it is damaged. */
export function readDefinition(file: string): Definition | undefined {
  return readJson(file, Definition);
}

/** Records which processes a machine has. */
export function writeInitFile(file: string, bootId: string, running: RunningProcesses): void {
  writeFileDurably(file, JSON.stringify({ boot_id: bootId, init: running.init, monitor: running.monitor }));
}

/** The processes as recorded; undefined when nothing was recorded since the host's boot. */
export function readInitFile(file: string, bootId: string): RunningProcesses | undefined {
  const content = readJson(file, InitFile);
  return content?.boot_id === bootId ? content : undefined;
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
