import type { Outcome } from '../../../outcome.ts';
import type { ExecuteRequest, ExecuteResult } from '../../types.ts';
import { runCollected } from '../run-collected.ts';
import { droppedCapabilities } from './boot.ts';
import type { IsolationMode } from './mount-tables.ts';

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Enters the machine's groups first, so that what runs is limited, frozen and ended with the machine. */
const joinScript =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n - 1)); done; exec "$@"';

export type EnterRequest = {
  readonly initPid: number;
  readonly mode: IsolationMode;
  readonly cgroupJoins: readonly string[];
  readonly machineEnvironment: Readonly<Record<string, string>>;
};

/** Runs a command inside a machine as its root, with its environment, and collects what it prints. */
export function executeInMachine(
  enter: EnterRequest,
  request: ExecuteRequest,
): Promise<Outcome<ExecuteResult>> {
  const command = {
    command: '/bin/sh',
    arguments: ['-c', joinScript, 'sh', ...enterArguments(enter, request)],
    cwd: '/',
    environment: { PATH: process.env['PATH'] ?? searchPath },
    lingerMs: null,
  };
  return runCollected(command, request);
}

function enterArguments(enter: EnterRequest, request: ExecuteRequest): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid'];
  if (enter.cgroupJoins.length > 0) namespaces.push('--cgroup');
  if (enter.mode !== 'plain') namespaces.push('--user', '--root');
  if (enter.mode === 'user') namespaces.push('--preserve-credentials');
  const variables = {
    PATH: searchPath,
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    container: 'namespaces',
    ...enter.machineEnvironment,
    ...request.environment,
  };
  // Without a user namespace the capabilities go first, by programs of the staging root: never by the machine's.
  const drop = [
    'setpriv',
    '--no-new-privs',
    `--bounding-set=${droppedCapabilities.map((name) => `-${name}`).join(',')}`,
  ];
  return [
    String(enter.cgroupJoins.length),
    ...enter.cgroupJoins,
    'nsenter',
    `--target=${enter.initPid}`,
    ...namespaces,
    '--',
    ...(enter.mode === 'plain' ? [...drop, 'chroot', '/boot'] : []),
    'env',
    '-i',
    '-C',
    '/root',
    '--',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...request.argv,
  ];
}
