import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { done, fail, type Outcome } from '../../../outcome.ts';
import { runCommand } from '../../storage/run-command.ts';
import { firstCriuError, restoreConfiguration } from './criu-arguments.ts';
import { criuEnvironment, type CriuProgram } from './criu-program.ts';

const gateScript = path.join(import.meta.dirname, 'restore-gate.sh');
const fifoFlags = constants.O_RDWR | constants.O_NONBLOCK;
/** Reading the memory back takes about a second per GiB. */
const restoreTimeoutMs = 300_000;

export type RestoreProcesses = {
  readonly program: CriuProgram;
  readonly containerId: string;
  /** What LXC calls lxcpath; the machine's configuration is in it. */
  readonly lxcPath: string;
  /** The machine's own directory, for what the restore needs while it runs. */
  readonly directory: string;
  readonly from: string;
  /** Directory of the machine's group in the freezer's hierarchy, where that is version 2; else null. */
  readonly freezer: string | null;
  /** The machine's group in version 2's hierarchy, from its top; undefined where there is none. */
  readonly cgroupRoot: string | undefined;
  /** Called when the namespaces exist and pid 1 is in its groups, before it has any file open. */
  readonly prepare: (initPid: number) => Promise<Outcome<undefined>>;
};

/**
 * Has LXC restore a machine's processes, so that it has a monitor like any other. They stand still afterwards,
 * as they did when they were dumped.
 */
export async function restoreProcesses(request: RestoreProcesses): Promise<Outcome<undefined>> {
  const { program, containerId, lxcPath, directory, from, freezer } = request;
  const at = (name: string): string => path.join(directory, `restore.${name}`);
  const files = { ready: at('ready'), go: at('go'), script: at('script'), configuration: at('conf') };
  const remove = (): void => Object.values(files).forEach((file) => rmSync(file, { force: true }));
  remove();
  await runCommand('mkfifo', '-m', '600', files.ready, files.go);
  const freeze = freezer === null ? '' : path.join(freezer, 'cgroup.freeze');
  const gate = ['/bin/sh', gateScript, files.ready, files.go, freeze].map(shellQuote).join(' ');
  writeFileSync(files.script, `#!/bin/sh\nexec ${gate}\n`, { mode: 0o700 });
  writeFileSync(files.configuration, restoreConfiguration(files.script, request.cgroupRoot), { mode: 0o600 });
  const go = openSync(files.go, fifoFlags);
  const ready = new Socket({ fd: openSync(files.ready, fifoFlags), readable: true, writable: false });
  // The monitor keeps what it is given here for as long as the machine runs: never a pipe.
  const child = spawn('lxc-checkpoint', ['-r', '-P', lxcPath, '-n', containerId, '-D', from, '-v'], {
    cwd: '/',
    env: {
      ...criuEnvironment,
      PATH: `${path.dirname(program.file)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      CRIU_CONFIG_FILE: files.configuration,
    },
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), restoreTimeoutMs);
  try {
    const initPid = await Promise.race([firstNumber(ready), ended.then(() => undefined)]);
    if (initPid === undefined) return notRestored(from);
    const prepared = await request.prepare(initPid);
    // Without an answer the gate would wait for ever: a refusal is one as well, and CRIU ends what it made.
    writeSync(go, prepared.ok ? 'go\n' : 'no\n');
    const code = await ended;
    if (!prepared.ok) return prepared;
    return code === 0 ? done : notRestored(from);
  } finally {
    clearTimeout(timer);
    ready.destroy();
    closeSync(go);
    remove();
  }
}

function firstNumber(stream: Socket): Promise<number> {
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.once('data', (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10)));
  });
}

function notRestored(from: string): Outcome<never> {
  const reason = readReason(path.join(from, 'restore.log'));
  return fail(
    'DRIVER_FAILED',
    `The machine’s memory could not be restored${reason === undefined ? '' : `: ${reason}`}.`,
  );
}

/** The reason in a CRIU log, without paths of the host. */
export function readReason(log: string): string | undefined {
  try {
    return firstCriuError(readFileSync(log, 'utf8'))?.replace(/\/(?:proc|sys|var|tmp|root|home)\/\S+/g, '…');
  } catch {
    return undefined;
  }
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
