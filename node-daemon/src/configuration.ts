import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { driverSetNames } from './drivers/driver-set.ts';
import { imagesDirectory } from './drivers/images/image-store.ts';
import { parseListenAddress, type ListenAddress } from './transfer/endpoint.ts';
import {
  parseStorageChoice,
  storageChoiceForms,
  type StorageChoice,
} from './drivers/storage/storage-choice.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const Configuration = z.strictObject({
  dataDir: z.string().min(1),
  controlUrl: z.url({ protocol: /^https?$/ }).optional(),
  joinToken: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a join token is 64 hex digits')
    .optional(),
  driver: z.enum(driverSetNames),
  storage: z.custom<StorageChoice>((value) => value !== undefined, `not one of ${storageChoiceForms}`),
  onExit: z.enum(['keep', 'stop', 'with-host']),
  /** Null: no metrics. 0: a free port. */
  metricsPort: z.number().int().min(0).max(65_535).nullable(),
  logLevel: z.enum(logLevels),
  /** Where other hosts fetch copies from this one; null: nowhere. */
  transferListen: z
    .custom<ListenAddress>((value) => value !== undefined, 'not ADDRESS:PORT or off')
    .nullable(),
});
export type Configuration = z.infer<typeof Configuration>;

export type CommandLine =
  | { readonly command: 'run' | 'enroll' | 'status'; readonly configuration: Configuration }
  | {
      readonly command: 'exec';
      readonly configuration: Configuration;
      readonly container: string;
      readonly argv: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly readStdin: boolean;
      readonly timeoutMs: number;
    }
  | { readonly command: 'image'; readonly imagesDir: string; readonly words: readonly string[] }
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'invalid'; readonly message: string };

export const helpText = `node-daemon: runs machines on this host for a control plane

  node-daemon run                        connect and serve (enrols first when --join-token is given)
  node-daemon enroll                     introduce this host with a one-time join token
  node-daemon exec CONTAINER -- COMMAND  run a command in a machine, by id or name
  node-daemon status                     what the daemon on this host is doing
  node-daemon image list | build NAME | import NAME FILE
                                         images that machines are made of; a FILE is a tarball
  node-daemon version

Options (each also as environment variable NODE_DAEMON_…, for example NODE_DAEMON_DATA_DIR)
  --data-dir DIR        journal, key, machines (root: /var/lib/node-daemon, else ~/.local/share/node-daemon)
  --control-url URL     the control plane, http or https
  --join-token TOKEN    64 hex digits, valid once
  --driver NAME         ${driverSetNames.join(' | ')} (default auto: the best that works here)
  --storage WHERE       machines' disks: ${storageChoiceForms} (default auto: where they are
                        already, else btrfs, on a loop file where need be)
  --on-exit keep|stop|with-host
                        what becomes of running machines when the daemon ends (default keep);
                        with-host: they stop when it ends because the host is shut down
  --metrics-port PORT   loopback port of /metrics and /healthz; 0: any free one; off: none (default 9478)
  --transfer-listen ADDRESS:PORT
                        where other hosts fetch copies from this one; 0.0.0.0 or [::]: on all addresses;
                        off: copies stay on this host (default off)
  --log-level LEVEL     ${logLevels.join(' | ')} (default info)

Options of exec
  --env NAME=VALUE      may be given several times
  --stdin               pass standard input on (at most 2 MiB)
  --timeout-ms N        default 60000

Options of image
  --images-dir DIR      default /var/lib/node-daemon/images; run reads it from NODE_DAEMON_IMAGES_DIR
`;

const options = {
  'data-dir': { type: 'string' },
  'control-url': { type: 'string' },
  'join-token': { type: 'string' },
  driver: { type: 'string' },
  storage: { type: 'string' },
  'on-exit': { type: 'string' },
  'metrics-port': { type: 'string' },
  'log-level': { type: 'string' },
  'transfer-listen': { type: 'string' },
  'images-dir': { type: 'string' },
  env: { type: 'string', multiple: true },
  stdin: { type: 'boolean' },
  'timeout-ms': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Reads the command line, with environment variables for what it does not say. */
export function readCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return {
      command: 'invalid',
      message: error instanceof Error ? error.message : 'The command line is not valid.',
    };
  }
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.help === true || command === 'help') return { command: 'help' };
  if (values.version === true || command === 'version') return { command: 'version' };
  if (command === 'image') {
    const imagesDir = path.resolve(values['images-dir'] ?? imagesDirectory(environment));
    return { command, imagesDir, words: rest };
  }
  const fromEnvironment = (name: string): string | undefined => {
    const value = environment[`NODE_DAEMON_${name}`];
    return value === '' ? undefined : value;
  };
  const metricsPort = values['metrics-port'] ?? fromEnvironment('METRICS_PORT') ?? '9478';
  const transferListen = values['transfer-listen'] ?? fromEnvironment('TRANSFER_LISTEN') ?? 'off';
  const configuration = Configuration.safeParse({
    dataDir: path.resolve(values['data-dir'] ?? fromEnvironment('DATA_DIR') ?? defaultDataDir()),
    controlUrl: values['control-url'] ?? fromEnvironment('CONTROL_URL'),
    joinToken: values['join-token'] ?? fromEnvironment('JOIN_TOKEN'),
    driver: values.driver ?? fromEnvironment('DRIVER') ?? 'auto',
    storage: parseStorageChoice(values.storage ?? fromEnvironment('STORAGE') ?? 'auto'),
    onExit: values['on-exit'] ?? fromEnvironment('ON_EXIT') ?? 'keep',
    metricsPort: metricsPort === 'off' ? null : Number(metricsPort),
    logLevel: values['log-level'] ?? fromEnvironment('LOG_LEVEL') ?? 'info',
    transferListen: transferListen === 'off' ? null : parseListenAddress(transferListen),
  });
  if (!configuration.success) {
    const issue = configuration.error.issues[0];
    const name = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return { command: 'invalid', message: `--${name}: ${issue?.message ?? 'not valid'}` };
  }
  if (command === 'run' || command === 'enroll' || command === 'status') {
    if (rest.length > 0) return { command: 'invalid', message: `Unexpected argument: ${rest[0]}` };
    return { command, configuration: configuration.data };
  }
  if (command !== 'exec') {
    return {
      command: 'invalid',
      message: command === undefined ? 'No command given.' : `No command "${command}".`,
    };
  }
  const [container, ...commandLine] = rest;
  if (container === undefined || commandLine.length === 0) {
    return { command: 'invalid', message: 'exec needs a container and a command.' };
  }
  const timeoutMs = Number(values['timeout-ms'] ?? 60_000);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
    return { command: 'invalid', message: '--timeout-ms: not a number' };
  const pairs = (values.env ?? []).map(
    (pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)] as const,
  );
  return {
    command: 'exec',
    configuration: configuration.data,
    container,
    argv: commandLine,
    environment: Object.fromEntries(pairs),
    readStdin: values.stdin === true,
    timeoutMs,
  };
}

function defaultDataDir(): string {
  if (process.geteuid?.() === 0) return '/var/lib/node-daemon';
  return path.join(os.homedir(), '.local', 'share', 'node-daemon');
}
