import type { Dispatch, MachineSpec } from '@control-plane/contract/link';
import { CopyHost, makeSigningKeys } from '../../node-daemon/src/testing/copy-hosts.ts';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import type { Contender, StepTiming } from './contender.ts';
import { machineSpec } from './machine-spec.ts';

const snapshotName = 'held';

/** Our daemon by itself: dispatches over its link, each timed until it is reported as completed. */
export class DaemonContender implements Contender {
  readonly name = 'daemon';
  readonly #host: CopyHost;
  readonly #daemon: DaemonProcess;
  #told = 0;
  readonly #machines = new Map<string, { spec: MachineSpec; incarnation: number }>();

  private constructor(host: CopyHost, daemon: DaemonProcess) {
    this.#host = host;
    this.#daemon = daemon;
  }

  static async start(): Promise<DaemonContender> {
    const host = await CopyHost.open(await makeSigningKeys());
    return new DaemonContender(host, await host.startDaemon({ driver: 'lxc', logLevel: 'info' }));
  }

  async create(image: string): Promise<string> {
    const spec = machineSpec(image);
    const id = spec.container_id;
    this.#machines.set(id, { spec, incarnation: 1 });
    await this.#run(id, 'create');
    return id;
  }

  async execute(id: string): Promise<void> {
    const answer = await this.#daemon.execute(id, '/bin/true');
    if (answer.exit_code !== 0) throw new Error('/bin/true failed.');
  }

  async succeeds(id: string, command: string): Promise<boolean> {
    return (await this.#daemon.execute(id, '/bin/sh', '-c', command)).exit_code === 0;
  }

  pause(id: string): Promise<void> {
    return this.#run(id, 'pause');
  }

  resume(id: string): Promise<void> {
    return this.#run(id, 'resume');
  }

  snapshot(id: string): Promise<void> {
    return this.#run(id, 'snapshot', { snapshot_name: snapshotName, stateful: false });
  }

  async copy(id: string): Promise<string> {
    const { spec } = this.#machine(id);
    const point = await this.#host.copyOut(spec, { source_snapshot: snapshotName });
    const target = machineSpec(spec.image);
    const wanted = { from: this.#host, spec, point };
    const end = await this.#host.copyIn(target, wanted, { keep_base: false, run_after: false });
    if (end.type === 'failed') throw new Error(`copy: ${end.error.message}`);
    this.#machines.set(target.container_id, { spec: target, incarnation: 1 });
    return target.container_id;
  }

  kill(id: string): Promise<void> {
    return this.#run(id, 'force-stop');
  }

  restore(id: string): Promise<void> {
    return this.#run(id, 'restore', { snapshot_name: snapshotName });
  }

  start(id: string): Promise<void> {
    return this.#run(id, 'start');
  }

  async remove(id: string): Promise<void> {
    await this.#run(id, 'delete');
    this.#machines.delete(id);
  }

  takeSteps(): StepTiming[] {
    const completed = this.#host.control.ofType('completed');
    const fresh = completed.slice(this.#told);
    this.#told = completed.length;
    return fresh.flatMap(({ result }) =>
      result.steps.map((step) => ({ name: step.name, durationMs: step.duration_ms })),
    );
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  #machine(id: string): { spec: MachineSpec; incarnation: number } {
    const machine = this.#machines.get(id);
    if (machine === undefined) throw new Error(`There is no machine ${id}.`);
    return machine;
  }

  async #run(
    id: string,
    command: Dispatch['command'],
    parameters: Dispatch['parameters'] = {},
  ): Promise<void> {
    const machine = this.#machine(id);
    // A new body takes a new incarnation, as the control plane does.
    if (command === 'restore' || command === 'delete') machine.incarnation += 1;
    const { spec, incarnation } = machine;
    const end = await this.#host.control.run(spec, command, { incarnation, parameters });
    if (end.type === 'failed') throw new Error(`${command}: ${end.error.code}: ${end.error.message}`);
  }
}
