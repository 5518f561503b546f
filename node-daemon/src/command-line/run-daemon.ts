import { mkdirSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import type { Configuration } from '../configuration.ts';
import { startDaemon } from '../daemon.ts';
import { closeInheritedFiles } from '../inherited-files.ts';
import { backoffMs } from '../link/backoff.ts';
import { loadHostKey, type HostKey } from '../link/host-key.ts';
import { enroll, readIdentity, type HostIdentity } from '../link/identity.ts';
import { describeError } from '../outcome.ts';

/** `node-daemon run`: serves until SIGTERM or SIGINT. Gives the exit code. */
export async function runDaemon(configuration: Configuration): Promise<number> {
  closeInheritedFiles();
  const logger = pino({
    level: configuration.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  mkdirSync(configuration.dataDir, { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        stop.abort();
        resolve();
      });
    }
  });
  try {
    const key = loadHostKey(configuration.dataDir);
    const identity = await findIdentity(configuration, key, logger, stop.signal);
    if (identity === undefined) return stop.signal.aborted ? 0 : 1;
    const daemon = await startDaemon(configuration, identity, key, logger);
    await stopped;
    await daemon.close();
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, describeError(error));
    return 1;
  }
}

/** `node-daemon enroll`: introduces this host once. Gives the exit code. */
export async function enrollHost(configuration: Configuration): Promise<number> {
  const known = readIdentity(configuration.dataDir);
  if (known !== undefined) {
    process.stdout.write(`This host is enrolled already as ${known.server_name} (${known.server_id}).\n`);
    return 0;
  }
  const { controlUrl, joinToken, dataDir } = configuration;
  if (controlUrl === undefined || joinToken === undefined) {
    process.stderr.write('enroll needs --control-url and --join-token.\n');
    return 2;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const outcome = await enroll({
    dataDir,
    controlUrl,
    joinToken,
    key: loadHostKey(dataDir),
    nowMs: Date.now(),
  });
  if (!outcome.ok) {
    process.stderr.write(`${outcome.failure.message}\n`);
    return 1;
  }
  process.stdout.write(`Enrolled as ${outcome.identity.server_name} (${outcome.identity.server_id}).\n`);
  return 0;
}

/** The recorded identity, or a new one by enrolment, tried again while the control plane can't be reached. */
async function findIdentity(
  configuration: Configuration,
  key: HostKey,
  logger: Logger,
  signal: AbortSignal,
): Promise<HostIdentity | undefined> {
  const { dataDir, controlUrl, joinToken } = configuration;
  const known = readIdentity(dataDir);
  if (known !== undefined) return controlUrl === undefined ? known : { ...known, control_url: controlUrl };
  if (controlUrl === undefined || joinToken === undefined) {
    logger.fatal('this host is not enrolled: give --control-url and --join-token');
    return undefined;
  }
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const outcome = await enroll({ dataDir, controlUrl, joinToken, key, nowMs: Date.now() });
    if (outcome.ok) {
      logger.info({ server_id: outcome.identity.server_id }, 'enrolled');
      return outcome.identity;
    }
    const { code, message, retry } = outcome.failure;
    logger.error({ code }, message);
    if (!retry) return undefined;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, backoffMs(attempt, Math.random()));
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
  return undefined;
}
