import type { MachineRuntime, MachineStats } from '@control-plane/contract/link';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { done, fail, succeed, type Outcome } from '../../../outcome.ts';
import type {
  ContainerDriver,
  ExecuteRequest,
  ExecuteResult,
  Machine,
  Observation,
  StartRequest,
} from '../../types.ts';
import type { CgroupTree } from '../cgroups/cgroup-tree.ts';
import { renewIdentity } from '../renew-identity.ts';
import { alignOwners } from './align-owners.ts';
import { bootMachine } from './boot.ts';
import { killMachine, stopMachine, type EndContext } from './end-machine.ts';
import { executeInMachine } from './execute.ts';
import { repairVolume } from './fill-volume.ts';
import type { HostUserland } from './host-userland.ts';
import { describeListeners, describeNetwork, describeProcesses } from './inspect-processes.ts';
import { containerIdPattern, type Layout } from './layout.ts';
import type { MachineRegistry } from './machine-registry.ts';
import { environmentText, findBadVariable, hostnameOf } from './machine-text.ts';
import { buildMountTables, type IsolationMode } from './mount-tables.ts';
import { processesOfNamespace } from './processes.ts';
import { listRamdisks, mountRamdisk, ramdiskBytes, ramdiskUsage, removeRamdisk } from './ramdisk.ts';
import { freezeBySignal, isStopped, thawBySignal } from './signal-freezer.ts';

const watchIntervalMs = 500;
const nothingRuns: Observation = { state: 'stopped', initPid: null, startedAt: null };
const absent: Observation = { state: 'absent', initPid: null, startedAt: null };

export type NamespacesOptions = {
  readonly mode: IsolationMode;
  readonly overlay: boolean;
  readonly layout: Layout;
  readonly userland: HostUserland;
  readonly registry: MachineRegistry;
  readonly cgroups: CgroupTree;
};

/** Machines made of plain Linux namespaces over the host's own userland. For development. */
export class NamespacesDriver implements ContainerDriver {
  readonly name = 'namespaces';
  readonly capabilities: ContainerDriver['capabilities'];
  readonly #options: NamespacesOptions;
  readonly #end: EndContext;
  readonly #exitListeners: ((containerId: string) => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  readonly #ticksPerSecond = 100;

  constructor(options: NamespacesOptions) {
    this.#options = options;
    this.#end = { registry: options.registry, cgroups: options.cgroups };
    const { layout } = options.cgroups;
    this.capabilities = {
      pause: true,
      cpu_limit: layout.cpu !== undefined,
      memory_limit: layout.memory !== undefined,
      ramdisk: options.mode !== 'user',
      kvm: false,
      ssh: false,
    };
    this.#watch = setInterval(() => this.#lookForExits(), watchIntervalMs);
    this.#watch.unref();
  }

  async define(machine: Machine): Promise<Outcome<{ rootUid: number }>> {
    const bad = findBadVariable(machine.spec.environment_vars);
    if (bad !== undefined) return fail('DRIVER_FAILED', `“${bad}” can't be an environment variable.`);
    const defined = this.#options.registry.define(machine);
    return defined.ok ? succeed({ rootUid: defined.value.root_uid }) : defined;
  }

  async definition(containerId: string): Promise<Machine | undefined> {
    const definition = this.#options.registry.definition(containerId);
    return definition && { incarnation: definition.incarnation, spec: definition.spec };
  }

  async start(request: StartRequest): Promise<Outcome<undefined>> {
    const { registry, cgroups, layout, mode, overlay, userland } = this.#options;
    const { spec } = request.machine;
    const containerId = spec.container_id;
    if (registry.livingInit(containerId) !== undefined) return done;
    const defined = registry.define(request.machine);
    if (!defined.ok) return defined;
    const rootUid = defined.value.root_uid;
    const cleared = await killMachine(this.#end, containerId);
    if (!cleared.ok) return cleared;
    if (mode !== 'user') alignOwners(request.volume, rootUid);
    repairVolume(request.volume, rootUid, userland);
    const paths = registry.paths(containerId);
    if (spec.ramdisk) {
      if (!this.capabilities.ramdisk) return fail('CAPABILITY_MISSING', 'This host has no memory disks.');
      const mounted = await mountRamdisk(paths.ramdisk, ramdiskBytes(spec.memory_bytes), rootUid);
      if (!mounted.ok) return mounted;
    }
    const joins = cgroups.create(containerId, { cpuCores: spec.cpu_cores, memoryBytes: spec.memory_bytes });
    if (!joins.ok) return joins;
    const booted = await bootMachine({
      containerId,
      hostname: hostnameOf(spec.name),
      mode,
      rootUid,
      volume: request.volume,
      paths,
      layout,
      tables: buildMountTables({
        layout,
        mode,
        volume: request.volume,
        overlay,
        rootUid,
        userlandDirectories: userland.directories,
        protectedProcEntries: userland.dangerousProcEntries,
        ramdisk: spec.ramdisk ? paths.ramdisk : null,
      }),
      cgroupJoins: joins.value,
      environment: environmentText(spec.environment_vars),
      sshPublicKey: spec.ssh_public_key,
      onReady: async (running) => {
        registry.recordProcesses(containerId, running);
        return request.attachNetwork(running.init.pid);
      },
      onExit: () => this.#lookForExits(),
    });
    if (!booted.ok) await killMachine(this.#end, containerId);
    return booted;
  }

  async renewIdentity(
    machine: Machine,
    volume: string,
    keptFrom: string | null,
  ): Promise<Outcome<undefined>> {
    const defined = this.#options.registry.define(machine);
    if (!defined.ok) return defined;
    const rootUid = defined.value.root_uid;
    const owner = this.#options.mode === 'user' ? null : rootUid;
    if (owner !== null) alignOwners(volume, rootUid);
    const rootOf = (each: string): string => path.join(each, 'root');
    renewIdentity({ root: rootOf(volume), owner, keptFrom: keptFrom === null ? null : rootOf(keptFrom) });
    return done;
  }

  stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<Outcome<undefined>> {
    return stopMachine(this.#end, containerId, graceMs, signal);
  }

  kill(containerId: string): Promise<Outcome<undefined>> {
    return killMachine(this.#end, containerId);
  }

  async freeze(containerId: string): Promise<Outcome<undefined>> {
    const init = this.#options.registry.livingInit(containerId);
    if (init === undefined) return fail('WRONG_STATE', 'The machine is not running.');
    const { cgroups } = this.#options;
    return cgroups.canFreeze ? cgroups.freeze(containerId) : freezeBySignal(init.pid);
  }

  async thaw(containerId: string): Promise<Outcome<undefined>> {
    const init = this.#options.registry.livingInit(containerId);
    if (init === undefined) return fail('WRONG_STATE', 'The machine is not running.');
    const { cgroups } = this.#options;
    if (cgroups.canFreeze) cgroups.thaw(containerId);
    else thawBySignal(init.pid);
    return done;
  }

  async observe(containerId: string): Promise<Observation> {
    const { registry, cgroups } = this.#options;
    const init = registry.livingInit(containerId);
    if (init === undefined) return registry.exists(containerId) ? nothingRuns : absent;
    const frozen = cgroups.canFreeze ? cgroups.isHeld(containerId) : isStopped(init.pid);
    const sinceBootMs = (init.startTicks / this.#ticksPerSecond) * 1000;
    const startedAt = new Date(Date.now() - os.uptime() * 1000 + sinceBootMs);
    return { state: frozen ? 'paused' : 'running', initPid: init.pid, startedAt };
  }

  async update(machine: Machine): Promise<Outcome<{ synced: boolean }>> {
    const { spec } = machine;
    const containerId = spec.container_id;
    const bad = findBadVariable(spec.environment_vars);
    if (bad !== undefined) return fail('DRIVER_FAILED', `“${bad}” can't be an environment variable.`);
    const before = this.#options.registry.definition(containerId)?.spec;
    const observed = await this.observe(containerId);
    if (observed.initPid !== null) {
      const limits = { cpuCores: spec.cpu_cores, memoryBytes: spec.memory_bytes };
      const limited = this.#options.cgroups.setLimits(containerId, limits);
      if (!limited.ok) return limited;
    }
    const defined = this.#options.registry.define(machine);
    if (!defined.ok) return defined;
    if (observed.initPid === null || observed.state !== 'running') return succeed({ synced: false });
    const hostname = hostnameOf(spec.name);
    const written = await this.execute(containerId, {
      argv: [
        '/bin/sh',
        '-c',
        'cat >/etc/environment && echo "$1" >/etc/hostname && hostname "$1"',
        'sh',
        hostname,
      ],
      environment: {},
      stdin: Buffer.from(environmentText(spec.environment_vars)),
      timeoutMs: 10_000,
      outputBytesMax: 1024,
    });
    const reached = written.ok && written.value.exitCode === 0;
    const atNextStart = before?.ramdisk !== spec.ramdisk || before.ssh_public_key !== spec.ssh_public_key;
    return succeed({ synced: reached && !atNextStart });
  }

  releaseMemory(containerId: string): Promise<Outcome<undefined>> {
    return removeRamdisk(this.#options.registry.paths(containerId).ramdisk);
  }

  async remove(containerId: string): Promise<Outcome<undefined>> {
    const { registry, cgroups } = this.#options;
    if (registry.livingInit(containerId) !== undefined) return fail('WRONG_STATE', 'The machine still runs.');
    const ended = await cgroups.remove(containerId);
    if (!ended.ok) return ended;
    const unmounted = await removeRamdisk(registry.paths(containerId).ramdisk);
    if (!unmounted.ok) return unmounted;
    registry.forget(containerId);
    return done;
  }

  async list(): Promise<string[]> {
    const { registry, cgroups, layout } = this.#options;
    const found = [
      ...registry.directories(),
      ...cgroups.list(),
      ...listRamdisks(layout.ramdisks),
      ...registry.findMonitors().keys(),
    ];
    return [...new Set(found)].filter((name) => containerIdPattern.test(name));
  }

  async execute(containerId: string, request: ExecuteRequest): Promise<Outcome<ExecuteResult>> {
    const observed = await this.observe(containerId);
    if (observed.state === 'absent') return fail('MACHINE_NOT_FOUND', 'This host has no such machine.');
    if (observed.initPid === null) return fail('WRONG_STATE', 'The machine is not running.');
    if (observed.state === 'paused') return fail('WRONG_STATE', 'The machine is paused.');
    const { registry, cgroups, mode } = this.#options;
    const enter = {
      initPid: observed.initPid,
      mode,
      cgroupJoins: cgroups.joins(containerId),
      machineEnvironment: registry.definition(containerId)?.spec.environment_vars ?? {},
    };
    return executeInMachine(enter, request);
  }

  async stats(machine: Machine, diskBytes: number | null): Promise<Outcome<MachineStats>> {
    const containerId = machine.spec.container_id;
    const { registry, cgroups } = this.#options;
    const observed = await this.observe(containerId);
    const usage = cgroups.usage(containerId);
    const { capabilities } = this;
    return succeed({
      state: observed.state,
      started_at: observed.startedAt?.toISOString() ?? null,
      processes: observed.initPid === null ? 0 : processesOfNamespace(observed.initPid).length,
      cpu_usage_ns: usage.cpuNs,
      cpu_allocated_ns:
        capabilities.cpu_limit && machine.spec.cpu_cores !== null
          ? Math.round(machine.spec.cpu_cores * 1e9)
          : null,
      memory_bytes: usage.memoryBytes,
      memory_peak_bytes: usage.memoryPeakBytes,
      memory_limit_bytes: capabilities.memory_limit ? machine.spec.memory_bytes : null,
      disk_bytes: diskBytes,
      ramdisk_bytes: ramdiskUsage(registry.paths(containerId).ramdisk),
      network: observed.initPid === null ? [] : describeNetwork(observed.initPid),
    });
  }

  async runtime(containerId: string): Promise<Outcome<MachineRuntime>> {
    const { initPid } = await this.observe(containerId);
    if (initPid === null) return fail('WRONG_STATE', 'The machine is not running.');
    return succeed({
      processes: describeProcesses(processesOfNamespace(initPid)),
      listeners: describeListeners(initPid),
    });
  }

  onExit(listener: (containerId: string) => void): void {
    this.#exitListeners.push(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#exitListeners.length = 0;
    // The daemon's own groups go when no machine is left in them.
    this.#options.cgroups.removeBases();
    await rm(path.join(this.#options.layout.probe), { recursive: true, force: true });
  }

  #lookForExits(): void {
    for (const { containerId, alive } of this.#options.registry.runningMachines()) {
      if (!alive) for (const listener of this.#exitListeners) listener(containerId);
    }
  }
}
