import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { readWords } from './read-words.ts';
import { shellJob } from './shell-job.ts';

export type CommandRequest = {
  readonly command: string;
  readonly argv: readonly string[];
  /** Standard input, empty by default. */
  readonly input?: string;
  /** Killed after this time; never by default. */
  readonly timeoutMs?: number;
};

export type CommandEnd = {
  /** Exit code; 128 + signal when a signal ended it, 127 when there is no such command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

type Job = {
  readonly onStarted: (pid: number) => void;
  readonly onEnded: (code: number) => void;
  readonly onLost: (error: Error) => void;
};

/** What a command may print, on each of its outputs. */
const outputBytesMax = 16 * 1024 * 1024;
const sharedMemory = '/dev/shm';

/**
 * Runs short commands of the host through one small shell. Starting a process costs in proportion to the memory
 * of the one that starts it: some milliseconds for the daemon, each time, during which it does nothing else; well under
 * one for the shell. Commands run beside each other. They have descriptors 0 to 2 only.
 */
export class CommandShell {
  readonly #jobs = new Map<number, Job>();
  #shell: { process: ChildProcess; commands: Socket; directory: string } | undefined;
  #last = 0;

  /** Runs a command to its end. Rejects when it printed too much or the shell itself was killed. */
  async run(request: CommandRequest): Promise<CommandEnd> {
    const shell = this.#shell ?? this.#start();
    this.#last += 1;
    const number = this.#last;
    const file = path.join(shell.directory, String(number));
    const search = process.env['PATH'] ?? '';
    let timer: NodeJS.Timeout | undefined;
    try {
      const code = await new Promise<number>((resolve, reject) => {
        const onStarted = (pid: number): void => {
          if (request.timeoutMs === undefined) return;
          timer = setTimeout(() => kill(pid), request.timeoutMs);
        };
        this.#jobs.set(number, { onStarted, onEnded: resolve, onLost: reject });
        shell.process.ref();
        shell.commands.write(shellJob({ number, file, search, ...request }));
      });
      return { code, stdout: readOutput(`${file}.out`), stderr: readOutput(`${file}.err`) };
    } finally {
      clearTimeout(timer);
      this.#jobs.delete(number);
      if (this.#jobs.size === 0) shell.process.unref();
      for (const suffix of ['out', 'err']) rmSync(`${file}.${suffix}`, { force: true });
    }
  }

  #start(): { process: ChildProcess; commands: Socket; directory: string } {
    const directory = mkdtempSync(path.join(outputsDirectory(), 'command-shell-'));
    // Of a session of its own: what a terminal tells the daemon's group is the daemon's to act upon.
    const child = spawn('/bin/sh', ['-s', '--', directory], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const { stdin, stdout } = child;
    if (!(stdin instanceof Socket) || !(stdout instanceof Socket)) throw new Error('Pipes are sockets here.');
    const shell = { process: child, commands: stdin, directory };
    this.#shell = shell;
    // It ends with the daemon, whose pipe it reads, and takes its files along.
    stdin.write(`trap 'rm -rf -- "$1"' EXIT\n`);
    stdin.on('error', () => undefined);
    readWords(stdout, (words) => this.#receive(words));
    child.once('error', () => this.#lose(shell));
    // Not `close`: what it had begun holds its output open for as long as that runs.
    child.once('exit', () => this.#lose(shell));
    // Idle, it keeps nothing alive.
    for (const handle of [child, stdin, stdout]) handle.unref();
    return shell;
  }

  #receive([number, what, value]: readonly number[]): void {
    const job = this.#jobs.get(number ?? 0);
    if (job === undefined || value === undefined) return;
    if (what === 0) job.onStarted(value);
    else job.onEnded(value);
  }

  /** What it had begun ends with it: nothing may still run that its caller was told is lost. */
  #lose(shell: { process: ChildProcess; directory: string }): void {
    if (this.#shell === shell) this.#shell = undefined;
    if (shell.process.pid !== undefined) kill(-shell.process.pid);
    rmSync(shell.directory, { recursive: true, force: true });
    for (const job of this.#jobs.values()) job.onLost(new Error('The shell that runs commands was killed.'));
  }
}

/** In memory where that can be: commands must run, above all those that remove something, when disks are full. */
function outputsDirectory(): string {
  try {
    accessSync(sharedMemory, constants.W_OK);
    return sharedMemory;
  } catch {
    return os.tmpdir();
  }
}

function readOutput(file: string): string {
  const content = readFileSync(file);
  if (content.length > outputBytesMax) throw new Error('A command printed too much.');
  return content.toString('utf8');
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended at this very moment.
  }
}
