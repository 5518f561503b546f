// What every command needs before the first line of TypeScript can run: an installed tree and Node 24.
// Plain JavaScript, for any Node from 20 on.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR_MIN = 20;
const NODE_MAJOR_NATIVE = 24;

/** @param {string} message */
function exitWith(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function majorOf(version) {
  return Number(version.replace(/^v/, '').split('.')[0]);
}

/** True when `node_modules` is what package-lock.json says: newer than it, or marked with its hash. */
function isInstalled(lockFile, markFile, lockHash) {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  if (existsSync(markFile)) return readFileSync(markFile, 'utf8') === lockHash;
  return statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs;
}

/** Installs the dependencies when they are missing or older than package-lock.json; shows npm's progress. */
export function ensureInstalled() {
  if (majorOf(process.version) < NODE_MAJOR_MIN) {
    exitWith(`Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.version}.`);
  }
  const lockFile = join(ROOT, 'package-lock.json');
  const markFile = join(ROOT, 'node_modules/.installed-lock-sha256');
  const lockHash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  if (isInstalled(lockFile, markFile, lockHash)) return;
  process.stderr.write('Installing dependencies (npm ci), about half a minute …\n');
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (result.status !== 0) exitWith('npm ci failed; its output is above.');
  writeFileSync(markFile, lockHash);
}

/** Path of a Node that runs TypeScript: the one among the dependencies, or this one where it is new enough. */
export function nodePath() {
  const installed = join(ROOT, 'node_modules/.bin/node');
  if (existsSync(installed)) return installed;
  if (majorOf(process.version) >= NODE_MAJOR_NATIVE) return process.execPath;
  return exitWith(
    `This platform needs Node ${NODE_MAJOR_NATIVE} or newer installed; this is ${process.version}.`,
  );
}

/**
 * Runs a script in a session of its own and passes signals on to it alone. A ctrl-C in the terminal would
 * else reach workerd and the daemon at the same moment as their parent, which then can't stop them in order.
 * The child notices by its closed channel when this process dies.
 *
 * @param {string} script path below the root
 * @param {string[]} args
 */
export function runScript(script, args) {
  const bin = join(ROOT, 'node_modules/.bin');
  // A small young generation and few malloc arenas: the idle stack takes half the memory, measured.
  const child = spawn(nodePath(), ['--max-semi-space-size=4', join(ROOT, script), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env: { ...process.env, MALLOC_ARENA_MAX: '2', PATH: `${bin}:${process.env.PATH ?? ''}` },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => exitWith(`${script} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
