import type { Dispatch, HostCommand, MachineSpec } from '@control-plane/contract/link';
import { afterAll, beforeAll } from 'vitest';
import type { DaemonProcess } from '../../../node-daemon/src/testing/daemon-process.ts';
import type { Ended } from '../../../node-daemon/src/testing/fake-control-plane.ts';
import { makeSpec, TestHost } from '../../../node-daemon/src/testing/test-host.ts';

export type ProvidedMachine = {
  readonly host: TestHost;
  readonly spec: MachineSpec;
  /** Tells the daemon what to do with the machine, and gives how that ended. */
  readonly run: (command: HostCommand, parameters?: Dispatch['parameters']) => Promise<Ended>;
  /** What a command in the machine prints. */
  readonly shell: (command: string) => Promise<string>;
  /** With its memory. */
  readonly snapshot: (name: string) => Promise<Ended>;
  /** And lets it run. */
  readonly restore: (name: string) => Promise<Ended>;
};

/**
 * A host for the suite that calls this, and a machine of it, which a test has yet to create. Both are gone after the
 * last test.
 */
export function provideMachine(wanted: Partial<MachineSpec>): ProvidedMachine {
  const host = new TestHost();
  const spec = makeSpec(wanted);
  let daemon: DaemonProcess;
  const run: ProvidedMachine['run'] = (command, parameters = {}) =>
    host.control.run(spec, command, { parameters });
  beforeAll(async () => {
    await host.control.listen();
    daemon = await host.startDaemon();
  });
  afterAll(async () => {
    await run('delete');
    await host.close();
  });
  return {
    host,
    spec,
    run,
    shell: (command) => daemon.shell(spec.container_id, command),
    snapshot: (name) => run('snapshot', { snapshot_name: name, stateful: true }),
    restore: (name) => run('restore', { snapshot_name: name, run_after: true }),
  };
}
