import type { Outcome } from '../../../outcome.ts';
import type { ExecuteRequest, ExecuteResult } from '../../types.ts';
import { runCollected } from '../run-collected.ts';
import { lxcSearchPath } from './layout.ts';

const variables = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  SHELL: '/bin/sh',
  LANG: 'C.UTF-8',
};

/** Runs a command inside a machine as its root, in its groups and with its environment. */
export function attachToMachine(
  lxcPath: string,
  containerId: string,
  machineEnvironment: Readonly<Record<string, string>>,
  request: ExecuteRequest,
): Promise<Outcome<ExecuteResult>> {
  const environment = { ...variables, ...machineEnvironment, ...request.environment };
  const settings = Object.entries(environment).map(([name, value]) => `--set-var=${name}=${value}`);
  return runCollected(
    {
      command: '/usr/bin/lxc-attach',
      arguments: [
        '-P',
        lxcPath,
        '-n',
        containerId,
        '--quiet',
        '--clear-env',
        ...settings,
        '--',
        ...request.argv,
      ],
      // LXC takes the caller's directory into the machine, where there is one of that name.
      cwd: '/root',
      environment: { PATH: lxcSearchPath },
      // lxc-attach ends with its command, but what that left in the background keeps the pipes open.
      lingerMs: 250,
    },
    request,
  );
}
