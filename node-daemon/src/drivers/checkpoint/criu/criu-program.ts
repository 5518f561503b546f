import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A CRIU that passes its own check on this kernel. */
export type CriuProgram = {
  readonly file: string;
  readonly version: string;
  /** Whether the kernel can tell which pages of memory were written to since it was last asked. */
  readonly tracksMemory: boolean;
  /** After how long without any work it is stuck and is ended. */
  readonly idleMaxMs: number;
};

/**
 * Has CRIU follow processes by system calls, not by hardware breakpoints (its `FI_NO_BREAKPOINTS`). Virtual machines
 * lose one now and then; CRIU would wait for that process for ever (checkpoint-restore/criu#107).
 */
export const criuEnvironment = { CRIU_FAULT: '130' };

/** What was found, or why there is no CRIU to be used. */
export type CriuProbe =
  | { readonly available: true; readonly program: CriuProgram }
  | { readonly available: false; readonly reason: string };

const timeoutMs = 60_000;
const idleSecondsDefault = '120';

/**
 * Looks for a CRIU: `NODE_DAEMON_CRIU`, then one put beside the system by `scripts/host/get-criu.sh`, then the
 * system's. The first that passes `criu check` is taken: an old one on a new kernel does not.
 * `NODE_DAEMON_CRIU_IDLE_SECONDS` is its `idleMaxMs`, 120 by default.
 */
export function findCriu(environment: Readonly<Record<string, string | undefined>>): CriuProbe {
  const idleMaxMs = Number(environment['NODE_DAEMON_CRIU_IDLE_SECONDS'] || idleSecondsDefault) * 1000;
  if (!(idleMaxMs > 0 && idleMaxMs < Infinity))
    return { available: false, reason: 'NODE_DAEMON_CRIU_IDLE_SECONDS is not a number above 0' };
  const reasons: string[] = [];
  for (const file of candidates(environment)) {
    if (!existsSync(file)) continue;
    const version = readVersion(file);
    if (version === undefined) {
      reasons.push(`${file} can't be run`);
      continue;
    }
    if (passes(file)) {
      const tracksMemory = passes(file, '--feature', 'mem_dirty_track');
      return { available: true, program: { file, version, tracksMemory, idleMaxMs } };
    }
    reasons.push(`CRIU ${version} does not work with this kernel (“criu check” fails)`);
  }
  return { available: false, reason: reasons[0] ?? 'there is no CRIU; scripts/host/get-criu.sh brings one' };
}

/** Parses what `criu --version` prints. */
export function parseVersion(text: string): string | undefined {
  return /^Version: ([0-9][0-9.]*)/m.exec(text)?.[1];
}

function candidates(environment: Readonly<Record<string, string | undefined>>): string[] {
  const named = environment['NODE_DAEMON_CRIU'];
  if (named !== undefined && named !== '') return [named];
  const caches = environment['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  const beside = path.join(caches, 'container-control-plane', 'criu');
  const kept = existsSync(beside) ? readdirSync(beside).filter((name) => !name.startsWith('.')) : [];
  const privateOnes = kept.toSorted().map((name) => path.join(beside, name, 'bin', 'criu'));
  return [...privateOnes, '/usr/local/sbin/criu', '/usr/sbin/criu', '/usr/bin/criu'];
}

function passes(file: string, ...options: readonly string[]): boolean {
  return spawnSync(file, ['check', ...options], { stdio: 'ignore', timeout: timeoutMs }).status === 0;
}

function readVersion(file: string): string | undefined {
  try {
    return parseVersion(execFileSync(file, ['--version'], { encoding: 'utf8', timeout: timeoutMs }));
  } catch {
    return undefined;
  }
}
