import { request } from 'node:http';
import type * as z from 'zod';
import {
  ExecuteAnswer,
  LocalErrorBody,
  localPaths,
  localSocketPath,
  MachinesAnswer,
  StatusAnswer,
  type ExecuteBody,
} from './protocol.ts';

export type { ExecuteAnswer, ExecuteBody, MachinesAnswer, StatusAnswer };

/** A refusal of the daemon, by its code; `UNREACHABLE` when no daemon answers. */
export class LocalCallError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Runs a command in a machine through the daemon's local socket. Throws {@link LocalCallError}. */
export function executeThroughDaemon(dataDir: string, body: ExecuteBody): Promise<ExecuteAnswer> {
  return call(dataDir, 'POST', localPaths.execute, ExecuteAnswer, body);
}

/** What the daemon is doing. Throws {@link LocalCallError}. */
export function readDaemonStatus(dataDir: string): Promise<StatusAnswer> {
  return call(dataDir, 'GET', localPaths.status, StatusAnswer);
}

/** The machines of this host. Throws {@link LocalCallError}. */
export function listMachinesOfDaemon(dataDir: string): Promise<MachinesAnswer> {
  return call(dataDir, 'GET', localPaths.machines, MachinesAnswer);
}

async function call<T>(
  dataDir: string,
  method: string,
  path: string,
  schema: z.ZodType<T>,
  body?: unknown,
): Promise<T> {
  const { status, text } = await exchange(localSocketPath(dataDir), method, path, body);
  const content: unknown = JSON.parse(text);
  if (status === 200) return schema.parse(content);
  const refusal = LocalErrorBody.parse(content);
  throw new LocalCallError(refusal.code, refusal.message);
}

function exchange(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } });
    outgoing.once('error', (error) => {
      reject(new LocalCallError('UNREACHABLE', `No daemon answers at ${socketPath}: ${error.message}`));
    });
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
