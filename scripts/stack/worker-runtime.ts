/**
 * The three workers in workerd, through Miniflare. The router listens on a socket of workerd's own: it
 * sees each request as it came, and none pays for Miniflare's own proxy.
 */
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare, NoOpLog, Response } from 'miniflare';
import { bundleWorker } from './bundle-worker.ts';
import { workerdMark } from './leftovers.ts';
import type { MailOutbox } from './mail-outbox.ts';

export const COMPATIBILITY_DATE = '2026-10-20';
export const API_OBJECTS = {
  CONTAINERS: 'ContainerObject',
  HOSTS: 'HostObject',
  RATE_LIMITS: 'RateLimitObject',
} as const;
const LOOPBACK = '127.0.0.1';
/** Who sells on a local stack: nobody, and its invoices say so. */
const LOCAL_SELLER = JSON.stringify({ name: 'A local stack', address: ['No goods, no money'] });

/** The workers' code; `api` may come from elsewhere than its folder, for tests. */
export interface WorkerScripts {
  readonly router: string;
  readonly api: string;
  readonly billing: string;
}

export interface WorkerRuntimeOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly objectsFolder: string;
  readonly scripts: WorkerScripts;
  readonly apiDomain: string;
  readonly clientAddressHeader: string;
  readonly databaseUrl: string;
  readonly databaseToken: string;
  readonly jwtKeys: string;
  readonly signingKeys: string;
  readonly encryptionKey: string;
  /** More variables for the api worker. */
  readonly apiVariables?: Readonly<Record<string, string>>;
  /** More variables for the billing worker. */
  readonly billingVariables?: Readonly<Record<string, string>>;
  readonly mail: MailOutbox;
  /** One line of a worker's log. */
  readonly log: (line: string) => void;
}

export interface WorkerRuntime {
  readonly port: number;
  /** Runs the cron handlers of api and billing once; nothing else does so outside of production. */
  runScheduled(): Promise<void>;
  /** Lets the workers write what they hold back for a moment; before an orderly stop. */
  drain(): Promise<void>;
  /** Kills workerd. What objects had not stored is lost, as in a crash. */
  stop(): Promise<void>;
}

/** Bundles the workers under `root`; scripts that are given are taken as they are. */
export async function bundleWorkers(root: string, given: Partial<WorkerScripts>): Promise<WorkerScripts> {
  const scriptOf = async (folder: string): Promise<string> =>
    (await bundleWorker(join(root, 'workers', folder, 'src/index.ts'))).script;
  const [router, api, billing] = await Promise.all([
    given.router ?? scriptOf('realm-router'),
    given.api ?? scriptOf('api'),
    given.billing ?? scriptOf('billing'),
  ]);
  return { router, api, billing };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes a Miniflare. It adds signal listeners that end the whole process at once; where the process has its
 * own, which stop the stack in order, Miniflare's are taken away again.
 */
function createMiniflare(options: ConstructorParameters<typeof Miniflare>[0]): Miniflare {
  const own = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const miniflare = new Miniflare(options);
  for (const [signal, listeners] of own) {
    if (listeners.length === 0) continue;
    for (const listener of process.listeners(signal)) {
      if (!listeners.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return miniflare;
}

/** Starts workerd and waits until it listens. */
export async function startWorkerRuntime(options: WorkerRuntimeOptions): Promise<WorkerRuntime> {
  const shared = {
    modules: true,
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: ['nodejs_compat'],
  };
  const database = { DATABASE_URL: options.databaseUrl, DATABASE_TOKEN: options.databaseToken };
  // Straight from the runtime to the endpoint; Miniflare's own way out is one more worker in between.
  const databaseService = {
    DATABASE: { external: { address: new URL(options.databaseUrl).host, http: {} } },
  };
  const durableObjects = Object.fromEntries(
    Object.entries(API_OBJECTS).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  );
  const miniflare = createMiniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new NoOpLog(),
      handleStructuredLogs: ({ message }) => options.log(message),
      resourcePersistencePath: options.objectsFolder,
      unsafeRuntimeEnv: workerdMark(options.objectsFolder),
      workers: [
        {
          ...shared,
          name: 'router',
          script: options.scripts.router,
          unsafeDirectSockets: [{ host: LOOPBACK, port: options.port }],
          bindings: {
            API_DOMAIN: options.apiDomain,
            SIGNING_KEYS: options.signingKeys,
            CLIENT_ADDRESS_HEADER: options.clientAddressHeader,
          },
          serviceBindings: { API: 'api', BILLING: 'billing' },
        },
        {
          ...shared,
          name: 'api',
          script: options.scripts.api,
          bindings: {
            ...database,
            API_DOMAIN: options.apiDomain,
            JWT_KEYS: options.jwtKeys,
            SIGNING_KEYS: options.signingKeys,
            ENCRYPTION_KEY: options.encryptionKey,
            ...options.apiVariables,
          },
          durableObjects,
          serviceBindings: {
            ...databaseService,
            MAIL: async (request) => new Response(null, options.mail(await request.text())),
          },
        },
        {
          ...shared,
          name: 'billing',
          script: options.scripts.billing,
          bindings: {
            ...database,
            JWT_KEYS: options.jwtKeys,
            INVOICE_SELLER: LOCAL_SELLER,
            ...options.billingVariables,
          },
          durableObjects: Object.fromEntries(
            Object.entries(durableObjects).map(([binding, object]) => [
              binding,
              { ...object, scriptName: 'api' },
            ]),
          ),
          serviceBindings: databaseService,
        },
      ],
    }),
  );
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL('router');
    return {
      port: Number(url.port),
      async runScheduled() {
        for (const name of ['api', 'billing']) {
          const worker = await miniflare.getWorker(name);
          await worker.scheduled({ cron: '* * * * *' });
        }
      },
      async drain() {
        for (const name of ['api', 'billing']) {
          const worker = await miniflare.getWorker(name);
          await worker.scheduled({ cron: 'shutdown' });
        }
      },
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}
