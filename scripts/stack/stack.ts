/**
 * The whole local stack as a library: database endpoint, the three workers in workerd, the node daemon.
 * `npm start`, the tests and the benchmark all use this one way to run it.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { bootstrapDocument, writeBootstrap, type Bootstrap } from './bootstrap.ts';
import { createDaemonProcess, type DaemonProcess } from './daemon-process.ts';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { startDatabaseEndpoint, type DatabaseEndpoint } from './database/endpoint.ts';
import { httpCall } from './http-call.ts';
import { endLeftovers } from './leftovers.ts';
import { createMailOutbox } from './mail-outbox.ts';
import { applyMigrations } from './migrations.ts';
import { startPaymentEmulator, type PaymentEmulator } from './payment-emulator.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { loadSecrets, type StackSecrets } from './secrets.ts';
import { seedDatabase, type Seed } from './seed.ts';
import {
  bundleWorkers,
  startWorkerRuntime,
  type WorkerRuntime,
  type WorkerScripts,
} from './worker-runtime.ts';

export const API_DOMAIN = 'api.localhost';
const CRON_INTERVAL_MS = 15_000;
const HEALTH_POLL_MS = 50;

export interface StackOptions {
  /** Folder of everything that lasts; made when missing. */
  readonly dataDir: string;
  /** 0 (default): any free port. */
  readonly port?: number;
  /** The daemon's driver set; `auto` (default): the best that this machine offers. */
  readonly driver?: string;
  /** What the daemon does with running containers when it stops; `stop` (default) or `keep`. */
  readonly onExit?: 'stop' | 'keep';
  /** Loopback port of the daemon's `/metrics`; 0 (default): any free one, which its status names. */
  readonly metricsPort?: number;
  /** False: no daemon is started and `/healthz` not awaited; for tests that bring their own host. */
  readonly withDaemon?: boolean;
  /** More variables for the daemon's environment, for fault injection. */
  readonly daemonEnvironment?: Readonly<Record<string, string>>;
  /** The header that states the client's address; none (default): every client is 127.0.0.1. */
  readonly clientAddressHeader?: string;
  /** More variables for the api worker, `OAUTH_*` for example. */
  readonly apiVariables?: Readonly<Record<string, string>>;
  /** More variables for the billing worker, `STRIPE_*` for example. */
  readonly billingVariables?: Readonly<Record<string, string>>;
  /** `emulated`: payment providers with fake money run beside the stack; `none` (default): no way to pay. */
  readonly payments?: 'emulated' | 'none';
  /** Code to run instead of what is bundled from `workers/`. */
  readonly workerScripts?: Partial<WorkerScripts>;
  readonly readyTimeoutMs?: number;
  /** Told what happens while the stack starts, one short line each. */
  readonly onProgress?: (line: string) => void;
}

export interface Stack {
  readonly port: number;
  /** `http://127.0.0.1:PORT`; realms are reached by Host header. */
  readonly baseUrl: string;
  readonly apiDomain: string;
  readonly data: DataDirectory;
  readonly bootstrap: Bootstrap;
  readonly databaseUrl: string;
  readonly databaseToken: string;
  /** Where the emulated payment providers answer; null without them. */
  readonly paymentEmulatorUrl: string | null;
  /** One-time join token of the seeded server, unused as long as no daemon has run. */
  readonly joinToken: string;
  /** How long each part of the start took, in milliseconds. */
  readonly timings: Readonly<Record<string, number>>;
  daemonPid(): number | null;
  /** Resolves once `/healthz` answers 200; rejects with what is missing after `timeoutMs`. */
  waitUntilReady(timeoutMs?: number): Promise<void>;
  /** Runs the workers' cron handlers now. */
  runScheduled(): Promise<void>;
  /** Kills workerd in whatever it does and starts it again on the same port. */
  restartWorkerd(): Promise<void>;
  /** SIGKILL to the daemon, which then stays dead until `startDaemon`. */
  killDaemon(): Promise<void>;
  startDaemon(): void;
  /** Kills the daemon and starts it again at once. */
  restartDaemon(): Promise<void>;
  /** Daemon (SIGTERM, bounded), workerd, database, in this order. Does nothing the second time. */
  stop(): Promise<void>;
}

interface PreparedDatabase {
  readonly endpoint: DatabaseEndpoint;
  readonly seed: Seed;
}

async function prepareDatabase(data: DataDirectory, secrets: StackSecrets): Promise<PreparedDatabase> {
  const endpoint = await startDatabaseEndpoint({ file: data.databaseFile, token: secrets.database_token });
  try {
    const client = createClient({ url: endpoint.url, authToken: secrets.database_token });
    await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), Date.now());
    const seed = await seedDatabase(client, secrets, Date.now());
    client.close();
    return { endpoint, seed };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}

function daemonOf(
  options: StackOptions,
  data: DataDirectory,
  baseUrl: string,
  joinToken: string,
): DaemonProcess {
  const flags = {
    '--data-dir': data.hostFolder,
    '--control-url': baseUrl,
    '--driver': options.driver ?? 'auto',
    '--on-exit': options.onExit ?? 'stop',
    '--metrics-port': String(options.metricsPort ?? 0),
  };
  mkdirSync(data.hostFolder, { recursive: true, mode: 0o700 });
  return createDaemonProcess({
    command: process.execPath,
    arguments: [join(REPOSITORY_ROOT, 'node-daemon/src/main.ts'), 'run', ...Object.entries(flags).flat()],
    // Arguments can be read by every user of the machine, the environment of a process can't.
    environment: { ...process.env, ...options.daemonEnvironment, NODE_DAEMON_JOIN_TOKEN: joinToken },
    logFile: join(data.logsFolder, 'daemon.log'),
    pidFile: data.daemonPidFile,
  });
}

async function emulatorOf(
  options: StackOptions,
  data: DataDirectory,
  secrets: StackSecrets,
): Promise<PaymentEmulator | null> {
  if (options.payments !== 'emulated') return null;
  return startPaymentEmulator(secrets, join(data.logsFolder, 'payments.log'));
}

async function waitForHealth(port: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = 'no answer';
  while (performance.now() < deadline) {
    try {
      const answer = await httpCall(port, { path: '/healthz', timeoutMs: 5000 });
      if (answer.status === 200) return;
      last = answer.text;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await new Promise((wake) => setTimeout(wake, HEALTH_POLL_MS));
  }
  throw new Error(`the stack was not ready within ${timeoutMs} ms: ${last}`);
}

/**
 * Starts everything and resolves once the whole stack, the host included, answers.
 *
 * @throws DataDirectoryBusyError, or an Error that names the part which did not start; what had started
 *   is stopped again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const progress = options.onProgress ?? (() => {});
  const withDaemon = options.withDaemon ?? true;
  const readyTimeoutMs = options.readyTimeoutMs ?? 60_000;
  const timings: Record<string, number> = {};
  const startedAt = performance.now();
  async function timed<T>(name: string, work: Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work;
    timings[name] = Math.round(performance.now() - begun);
    return result;
  }

  await using parts = new AsyncDisposableStack();
  const data = openDataDirectory(options.dataDir);
  parts.defer(() => data.release());
  await endLeftovers(data.path);
  progress('preparing the database and bundling the workers');
  const scriptsReady = timed('bundle', bundleWorkers(REPOSITORY_ROOT, options.workerScripts ?? {}));
  // Awaited below; a failure of the database must not leave this one unhandled.
  scriptsReady.catch(() => {});
  const secrets = await loadSecrets(data.secretsFile);
  const emulatorReady = emulatorOf(options, data, secrets);
  // Awaited below; it is stopped as well when something else fails before that.
  parts.defer(async () => (await emulatorReady.catch(() => null))?.stop());
  const { endpoint, seed } = await timed('database', prepareDatabase(data, secrets));
  parts.defer(() => endpoint.close());
  const emulator = await timed('payments', emulatorReady);

  progress('starting realm-router, api and billing in workerd');
  const logFile = createWriteStream(join(data.logsFolder, 'workers.log'), { flags: 'a', mode: 0o600 });
  parts.defer(() => new Promise<void>((done) => logFile.end(done)));
  const scripts = await scriptsReady;
  const launch = (port: number): Promise<WorkerRuntime> =>
    startWorkerRuntime({
      port,
      objectsFolder: data.objectsFolder,
      scripts,
      apiDomain: API_DOMAIN,
      clientAddressHeader: options.clientAddressHeader ?? '',
      databaseUrl: endpoint.url,
      databaseToken: secrets.database_token,
      jwtKeys: secrets.jwt_keys,
      signingKeys: secrets.signing_keys,
      encryptionKey: secrets.encryption_key,
      apiVariables: options.apiVariables ?? {},
      billingVariables: { ...emulator?.variables, ...options.billingVariables },
      mail: createMailOutbox(data.mailOutboxFile, () => new Date()),
      log: (line) => void logFile.write(line.endsWith('\n') ? line : `${line}\n`),
    });
  let runtime: WorkerRuntime | null = await timed('workerd', launch(options.port ?? 0));
  const { port } = runtime;
  parts.defer(async () => {
    // A worker that can't be asked any more has nothing that could be saved.
    await runtime?.drain().catch(() => {});
    await runtime?.stop();
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await emulator?.deliverTo(baseUrl);
  const runScheduled = async (): Promise<void> => runtime?.runScheduled();
  const cron = setInterval(() => {
    // A failed run is the api's to log; the next one comes anyway.
    runScheduled().catch(() => {});
  }, CRON_INTERVAL_MS);
  parts.defer(() => clearInterval(cron));

  const daemon = daemonOf(options, data, baseUrl, seed.joinToken);
  parts.defer(() => daemon.stop());
  if (withDaemon) {
    progress('starting the node daemon');
    daemon.start();
    await timed('ready', waitForHealth(port, readyTimeoutMs));
  }
  const bootstrap = bootstrapDocument(baseUrl, API_DOMAIN, data, seed, secrets);
  writeBootstrap(data.bootstrapFile, bootstrap);
  timings['total'] = Math.round(performance.now() - startedAt);

  const running = parts.move();
  return {
    port,
    baseUrl,
    apiDomain: API_DOMAIN,
    data,
    bootstrap,
    databaseUrl: endpoint.url,
    databaseToken: secrets.database_token,
    paymentEmulatorUrl: emulator?.url ?? null,
    joinToken: seed.joinToken,
    timings,
    daemonPid: () => daemon.pid(),
    waitUntilReady: (timeoutMs = readyTimeoutMs) => waitForHealth(port, timeoutMs),
    runScheduled,
    async restartWorkerd() {
      const previous = runtime;
      runtime = null;
      await previous?.stop();
      runtime = await launch(port);
    },
    killDaemon: () => daemon.kill(),
    startDaemon: () => daemon.start(),
    async restartDaemon() {
      await daemon.kill();
      daemon.start();
    },
    stop: () => running.disposeAsync(),
  };
}
