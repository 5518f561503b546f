/** The node daemon as a child process: started, watched, started again when it dies, stopped in time. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { identityLine, isAlive, readIdentity, waitForEnd } from './process-identity.ts';

const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5000;
/** A daemon that ran for so long is healthy: the next restart is immediate again. */
const HEALTHY_AFTER_MS = 10_000;
const STOP_MS_MAX = 15_000;

export interface DaemonProcessOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Gets the daemon's output; appended to. */
  readonly logFile: string;
  /** Names the running process. */
  readonly pidFile: string;
}

export interface DaemonProcess {
  /** Process id while it runs. */
  pid(): number | null;
  /** Starts it if it does not run, and keeps it running from here on. */
  start(): void;
  /** Sends SIGKILL, waits for the end and leaves it dead until `start`. */
  kill(): Promise<void>;
  /** SIGTERM, and after 15 s SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Makes the supervisor; nothing runs before `start`. */
export function createDaemonProcess(options: DaemonProcessOptions): DaemonProcess {
  let child: ChildProcess | null = null;
  let exited: Promise<void> = Promise.resolve();
  let shallRun = false;
  let backoffMs = BACKOFF_MS_MIN;
  let timer: NodeJS.Timeout | undefined;

  function launch(): void {
    const log = openSync(options.logFile, 'a', 0o600);
    const startedAt = performance.now();
    // A process group of its own: ctrl-C in the terminal must reach the stack first, which stops in order.
    const started = spawn(options.command, [...options.arguments], {
      stdio: ['ignore', log, log],
      env: options.environment,
      detached: true,
    });
    closeSync(log);
    child = started;
    if (started.pid !== undefined) writeFileSync(options.pidFile, identityLine(started.pid));
    exited = new Promise((resolve) => {
      const onEnd = (): void => {
        if (child === started) child = null;
        rmSync(options.pidFile, { force: true });
        resolve();
        if (!shallRun) return;
        if (performance.now() - startedAt > HEALTHY_AFTER_MS) backoffMs = BACKOFF_MS_MIN;
        timer = setTimeout(launch, backoffMs);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      };
      started.once('exit', onEnd);
      started.once('error', onEnd);
    });
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    shallRun = false;
    clearTimeout(timer);
    const running = child;
    if (running === null) return;
    running.kill(signal);
    const force = setTimeout(() => running.kill('SIGKILL'), STOP_MS_MAX);
    await exited;
    clearTimeout(force);
  }

  return {
    pid: () => child?.pid ?? null,
    start() {
      clearTimeout(timer);
      shallRun = true;
      backoffMs = BACKOFF_MS_MIN;
      if (child === null) launch();
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/**
 * Ends a daemon that outlived the stack which had started it (that stack was killed): two daemons must not
 * serve one machine. It gets the same time to stop as its own stack would have given it.
 */
export async function endLeftoverDaemon(pidFile: string): Promise<void> {
  const leftover = readIdentity(pidFile);
  if (leftover === null || !isAlive(leftover)) return;
  process.kill(leftover.pid, 'SIGTERM');
  if (await waitForEnd(leftover, STOP_MS_MAX)) return;
  process.kill(leftover.pid, 'SIGKILL');
  await waitForEnd(leftover, STOP_MS_MAX);
}
