import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { MachineRecord, MachineTable } from '../journal/machine-table.ts';
import { observeMachine } from '../observe-machine.ts';
import {
  ExecuteBody,
  localBodyBytesMax,
  localPaths,
  localSocketPath,
  outputBytesMax,
  type ExecuteAnswer,
  type MachinesAnswer,
  type StatusAnswer,
} from './protocol.ts';

const socketPathBytesMax = 107;
const executionsMax = 64;

export type LocalApiOptions = {
  readonly dataDir: string;
  readonly drivers: DriverSet;
  readonly machines: MachineTable;
  readonly logger: Logger;
  readonly status: () => StatusAnswer;
};

type Answer = { readonly status: number; readonly body: unknown };
const refuse = (status: number, code: string, message: string): Answer => ({
  status,
  body: { code, message },
});

/** Serves the local socket. Throws when the data directory's path is too long for a socket. */
export async function serveLocalApi(options: LocalApiOptions): Promise<{ close: () => Promise<void> }> {
  const socketPath = localSocketPath(options.dataDir);
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) {
    throw new Error(
      `The data directory's path is too long for a local socket (${socketPathBytesMax} bytes).`,
    );
  }
  let executions = 0;
  const execute = async (request: IncomingMessage): Promise<Answer> => {
    const parsed = ExecuteBody.safeParse(await readJson(request));
    if (!parsed.success)
      return refuse(400, 'BAD_REQUEST', parsed.error.issues[0]?.message ?? 'not a command');
    const machine = findMachine(options.machines, parsed.data.container);
    if (machine === undefined) return refuse(404, 'MACHINE_NOT_FOUND', 'This host has no such machine.');
    if (executions >= executionsMax)
      return refuse(503, 'CAPACITY_EXCEEDED', 'Too many commands run at once.');
    executions += 1;
    try {
      const { argv, environment, stdin_base64: stdin, timeout_ms: timeoutMs } = parsed.data;
      const outcome = await options.drivers.container.execute(machine.containerId, {
        argv,
        environment,
        stdin: stdin === null ? null : Buffer.from(stdin, 'base64'),
        timeoutMs,
        outputBytesMax,
      });
      if (!outcome.ok) return refuse(409, outcome.failure.code, outcome.failure.message);
      const { exitCode, stdout, stderr, truncated, timedOut } = outcome.value;
      const body: ExecuteAnswer = {
        exit_code: exitCode,
        stdout_base64: stdout.toString('base64'),
        stderr_base64: stderr.toString('base64'),
        truncated,
        timed_out: timedOut,
      };
      return { status: 200, body };
    } finally {
      executions -= 1;
    }
  };
  const route = async (request: IncomingMessage): Promise<Answer> => {
    const path = `${request.method} ${request.url}`;
    if (path === `POST ${localPaths.execute}`) return execute(request);
    if (path === `GET ${localPaths.status}`) return { status: 200, body: options.status() };
    if (path === `GET ${localPaths.machines}`) return { status: 200, body: await listMachines(options) };
    return refuse(404, 'NOT_FOUND', 'There is no such call.');
  };
  const server = createServer((request, response) => {
    route(request).then(
      (answer) => send(response, answer),
      (error: unknown) => {
        options.logger.error({ err: error }, 'local call failed');
        send(response, refuse(500, 'INTERNAL', 'The daemon failed; its log has the cause.'));
      },
    );
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function findMachine(machines: MachineTable, wanted: string): MachineRecord | undefined {
  const byId = machines.find(wanted);
  if (byId !== undefined) return byId;
  const named = machines.present().filter((machine) => machine.spec?.name === wanted);
  return named.length === 1 ? named[0] : undefined;
}

async function listMachines(options: LocalApiOptions): Promise<MachinesAnswer> {
  const machines = await Promise.all(
    options.machines.present().map(async (machine) => ({
      container_id: machine.containerId,
      name: machine.spec?.name ?? null,
      incarnation: machine.incarnation,
      state: await observeMachine(options.drivers, machine.containerId),
      quarantined: machine.quarantined,
      spec: machine.spec ?? null,
    })),
  );
  return { machines };
}

/** The body as JSON; undefined when it is too long or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    size += part.length;
    if (size > localBodyBytesMax) return undefined;
    chunks.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(answer.body)}\n`);
}
