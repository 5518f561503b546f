import type { CommandLine } from '../configuration.ts';
import {
  executeThroughDaemon,
  listMachinesOfDaemon,
  LocalCallError,
  readDaemonStatus,
} from '../local-api/client.ts';

const stdinBytesMax = 2 * 1024 * 1024;
type ExecCommand = Extract<CommandLine, { command: 'exec' }>;

/** `node-daemon exec`: prints what the command prints and gives its exit code. */
export async function executeCommand(command: ExecCommand): Promise<number> {
  const stdin = command.readStdin ? await readStdin() : null;
  if (stdin !== null && stdin.length > stdinBytesMax) {
    process.stderr.write('Standard input is longer than 2 MiB.\n');
    return 2;
  }
  return reportErrors(async () => {
    const answer = await executeThroughDaemon(command.configuration.dataDir, {
      container: command.container,
      argv: [...command.argv],
      environment: { ...command.environment },
      stdin_base64: stdin?.toString('base64') ?? null,
      timeout_ms: command.timeoutMs,
    });
    process.stdout.write(Buffer.from(answer.stdout_base64, 'base64'));
    process.stderr.write(Buffer.from(answer.stderr_base64, 'base64'));
    if (answer.truncated) process.stderr.write('node-daemon: output beyond 1 MiB was dropped\n');
    if (answer.timed_out) process.stderr.write('node-daemon: the command was ended at its timeout\n');
    return answer.exit_code;
  });
}

/** `node-daemon status`: the daemon and its machines as JSON. */
export function showStatus(dataDir: string): Promise<number> {
  return reportErrors(async () => {
    const [status, { machines }] = await Promise.all([
      readDaemonStatus(dataDir),
      listMachinesOfDaemon(dataDir),
    ]);
    // Environment variables of machines may be secret: they are not shown.
    const shown = machines.map(({ spec: _spec, ...machine }) => machine);
    process.stdout.write(`${JSON.stringify({ ...status, machines: shown }, null, 2)}\n`);
    return 0;
  });
}

async function reportErrors(action: () => Promise<number>): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof LocalCallError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return error.code === 'UNREACHABLE' ? 3 : 1;
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const part = Buffer.from(chunk);
    size += part.length;
    chunks.push(part);
    if (size > stdinBytesMax) break;
  }
  return Buffer.concat(chunks);
}
