import type { MachineRuntime, MachineStats } from '@control-plane/contract/link';
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { done, fail, succeed, type Outcome } from '../../../outcome.ts';
import type {
  ContainerDriver,
  ExecuteRequest,
  ExecuteResult,
  Machine,
  Observation,
  StartRequest,
} from '../../types.ts';
import { renewIdentity } from '../renew-identity.ts';
import { describeListeners, describeProcesses } from '../namespaces/inspect-processes.ts';
import { findBadVariable, hostnameOf } from '../namespaces/machine-text.ts';
import { readProcess } from '../namespaces/processes.ts';
import {
  listRamdisks,
  mountRamdisk,
  ramdiskBytes,
  ramdiskUsage,
  removeRamdisk,
} from '../namespaces/ramdisk.ts';
import { attachToMachine } from './attach.ts';
import { bootMachine } from './boot-machine.ts';
import { describeInterfaces } from './describe-interfaces.ts';
import { killMachine, stopMachine, type EndContext } from './end-machine.ts';
import { containerIdPattern, rootfsOf, type LxcLayout } from './layout.ts';
import type { MachineCgroups } from './machine-cgroups.ts';
import { machineConfig } from './machine-config.ts';
import { writeMachineFiles } from './machine-files.ts';
import type { MachineRecords } from './machine-records.ts';
import { dropReplacedRamdisk, putRamdiskBack } from './replace-ramdisk.ts';

const watchIntervalMs = 250;
const ticksPerSecond = 100;
const nothingRuns: Observation = { state: 'stopped', initPid: null, startedAt: null };
const absent: Observation = { state: 'absent', initPid: null, startedAt: null };

export type LxcOptions = {
  readonly layout: LxcLayout;
  readonly records: MachineRecords;
  readonly cgroups: MachineCgroups;
};

/** Machines as unprivileged LXC containers on the host's kernel. */
export class LxcDriver implements ContainerDriver {
  readonly name = 'lxc';
  readonly capabilities: ContainerDriver['capabilities'];
  readonly #options: LxcOptions;
  readonly #end: EndContext;
  readonly #exitListeners: ((containerId: string) => void)[] = [];
  readonly #watch: NodeJS.Timeout;

  constructor(options: LxcOptions) {
    this.#options = options;
    this.#end = { records: options.records, cgroups: options.cgroups };
    const { layout } = options.cgroups.tree;
    this.capabilities = {
      pause: layout.freezer !== undefined,
      cpu_limit: layout.cpu !== undefined,
      memory_limit: layout.memory !== undefined,
      ramdisk: true,
      kvm: existsSync('/dev/kvm'),
      ssh: false,
    };
    this.#watch = setInterval(() => this.#lookForExits(), watchIntervalMs);
    this.#watch.unref();
  }

  async define(machine: Machine): Promise<Outcome<{ rootUid: number }>> {
    const bad = findBadVariable(machine.spec.environment_vars);
    if (bad !== undefined) return fail('DRIVER_FAILED', `“${bad}” can't be an environment variable.`);
    return succeed({ rootUid: this.#options.records.define(machine).root_uid });
  }

  async definition(containerId: string): Promise<Machine | undefined> {
    const definition = this.#options.records.definition(containerId);
    return definition && { incarnation: definition.incarnation, spec: definition.spec };
  }

  async start(request: StartRequest): Promise<Outcome<undefined>> {
    const { records, cgroups, layout } = this.#options;
    const { machine, volume } = request;
    const containerId = machine.spec.container_id;
    if (records.livingInit(containerId) !== undefined) return done;
    const { root_uid: rootUid } = records.define(machine);
    const cleared = await killMachine(this.#end, containerId);
    if (!cleared.ok) return cleared;
    const configured = await this.writeConfiguration(machine, volume);
    if (!configured.ok) return configured;
    writeMachineFiles(rootfsOf(volume), rootUid, machine.spec);
    const booted = await bootMachine({
      containerId,
      lxcPath: layout.machines,
      paths: records.paths(containerId),
      prepare: async (initPid) => {
        const limited = cgroups.applyLimits(containerId, limitsOf(machine));
        return limited.ok ? request.attachNetwork(initPid) : limited;
      },
    });
    if (!booted.ok) {
      await killMachine(this.#end, containerId);
      return booted;
    }
    records.recordProcesses(containerId, booted.value);
    return done;
  }

  /**
   * Writes what LXC needs to run this machine and makes what that refers to. Groups and limits come with the
   * start; {@link adopt} is their counterpart when something other than `start` brings the processes up.
   */
  async writeConfiguration(machine: Machine, volume: string): Promise<Outcome<undefined>> {
    const { records, cgroups } = this.#options;
    const { spec } = machine;
    const paths = records.paths(spec.container_id);
    const { root_uid: rootUid } = records.define(machine);
    if (spec.ramdisk) {
      // A restore that was given up may have left another one's in its place.
      const returned = await putRamdiskBack(paths.ramdisk);
      if (!returned.ok) return returned;
      const mounted = await mountRamdisk(paths.ramdisk, ramdiskBytes(spec.memory_bytes), rootUid);
      if (!mounted.ok) return mounted;
    }
    if (spec.kvm && !this.capabilities.kvm) return fail('CAPABILITY_MISSING', 'This host has no /dev/kvm.');
    const kvm = spec.kvm ? await makeKvmNode(paths.devices, rootUid) : null;
    const config = machineConfig({
      hostname: hostnameOf(spec.name),
      rootfs: rootfsOf(volume),
      rootUid,
      containerGroup: cgroups.containerGroup(spec.container_id),
      monitorGroup: cgroups.monitorGroup(spec.container_id),
      log: paths.log,
      gateReady: paths.gateReady,
      gateGo: paths.gateGo,
      environment: spec.environment_vars,
      ramdisk: spec.ramdisk ? paths.ramdisk : null,
      kvm,
    });
    writeFileSync(paths.config, config, { mode: 0o600 });
    return done;
  }

  /**
   * Takes over a machine whose processes were brought up by something else, a restored checkpoint: finds
   * pid 1 in its groups, applies limits anew and checks them, records the processes.
   */
  async adopt(machine: Machine): Promise<Outcome<{ initPid: number }>> {
    const { records, cgroups } = this.#options;
    const containerId = machine.spec.container_id;
    const init = cgroups
      .processes(containerId)
      .map(readProcess)
      .find((status) => status !== undefined && !isMember(cgroups.processes(containerId), status.parentPid));
    const monitor = init && readProcess(init.parentPid);
    if (init === undefined || monitor === undefined) {
      return fail('DRIVER_FAILED', 'No process of the machine was found.');
    }
    const limited = cgroups.applyLimits(containerId, limitsOf(machine));
    if (!limited.ok) return limited;
    records.define(machine);
    records.recordProcesses(containerId, {
      init: { pid: init.pid, startTicks: init.startTicks },
      monitor: { pid: monitor.pid, startTicks: monitor.startTicks },
    });
    return succeed({ initPid: init.pid });
  }

  async renewIdentity(
    machine: Machine,
    volume: string,
    keptFrom: string | null,
  ): Promise<Outcome<undefined>> {
    const { root_uid: owner } = this.#options.records.define(machine);
    const root = rootfsOf(volume);
    renewIdentity({ root, owner, keptFrom: keptFrom === null ? null : rootfsOf(keptFrom) });
    writeMachineFiles(root, owner, machine.spec);
    return done;
  }

  stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<Outcome<undefined>> {
    return stopMachine(this.#end, containerId, graceMs, signal);
  }

  kill(containerId: string): Promise<Outcome<undefined>> {
    return killMachine(this.#end, containerId);
  }

  async freeze(containerId: string): Promise<Outcome<undefined>> {
    const { records, cgroups } = this.#options;
    if (records.livingInit(containerId) === undefined) return notRunning;
    return cgroups.tree.freeze(containerId);
  }

  async thaw(containerId: string): Promise<Outcome<undefined>> {
    const { records, cgroups } = this.#options;
    if (records.livingInit(containerId) === undefined) return notRunning;
    cgroups.tree.thaw(containerId);
    return done;
  }

  async observe(containerId: string): Promise<Observation> {
    const { records, cgroups } = this.#options;
    const init = records.livingInit(containerId);
    if (init === undefined) return records.exists(containerId) ? nothingRuns : absent;
    const sinceBootMs = (init.startTicks / ticksPerSecond) * 1000;
    return {
      state: cgroups.tree.isHeld(containerId) ? 'paused' : 'running',
      initPid: init.pid,
      startedAt: new Date(Date.now() - os.uptime() * 1000 + sinceBootMs),
    };
  }

  async update(machine: Machine): Promise<Outcome<{ synced: boolean }>> {
    const { records, cgroups } = this.#options;
    const { spec } = machine;
    const containerId = spec.container_id;
    const bad = findBadVariable(spec.environment_vars);
    if (bad !== undefined) return fail('DRIVER_FAILED', `“${bad}” can't be an environment variable.`);
    const before = records.definition(containerId)?.spec;
    const observed = await this.observe(containerId);
    if (observed.initPid !== null) {
      const limited = cgroups.applyLimits(containerId, limitsOf(machine));
      if (!limited.ok) return limited;
    }
    const { root_uid: rootUid } = records.define(machine);
    if (observed.initPid === null || observed.state !== 'running') return succeed({ synced: false });
    // Through pid 1's own root: what it mounted over its disk is seen from there only.
    writeMachineFiles(`/proc/${observed.initPid}/root/.`, rootUid, spec);
    const named = await this.execute(containerId, {
      argv: ['/bin/hostname', hostnameOf(spec.name)],
      environment: {},
      stdin: null,
      timeoutMs: 10_000,
      outputBytesMax: 1024,
    });
    const reached = named.ok && named.value.exitCode === 0;
    const atNextStart = before?.ramdisk !== spec.ramdisk || before.kvm !== spec.kvm;
    return succeed({ synced: reached && !atNextStart });
  }

  releaseMemory(containerId: string): Promise<Outcome<undefined>> {
    return removeRamdisk(this.#options.records.paths(containerId).ramdisk);
  }

  async remove(containerId: string): Promise<Outcome<undefined>> {
    const { records, cgroups } = this.#options;
    if (records.livingInit(containerId) !== undefined) {
      return fail('WRONG_STATE', 'The machine still runs.');
    }
    const ended = await cgroups.remove(containerId);
    if (!ended.ok) return ended;
    const dropped = await dropReplacedRamdisk(records.paths(containerId).ramdisk);
    if (!dropped.ok) return dropped;
    const unmounted = await removeRamdisk(records.paths(containerId).ramdisk);
    if (!unmounted.ok) return unmounted;
    records.forget(containerId);
    return done;
  }

  async list(): Promise<string[]> {
    const { records, cgroups, layout } = this.#options;
    const found = [...records.directories(), ...cgroups.list(), ...listRamdisks(layout.ramdisks)];
    return [...new Set(found)].filter((name) => containerIdPattern.test(name));
  }

  async execute(containerId: string, request: ExecuteRequest): Promise<Outcome<ExecuteResult>> {
    const { records, layout } = this.#options;
    const observed = await this.observe(containerId);
    if (observed.state === 'absent') return fail('MACHINE_NOT_FOUND', 'This host has no such machine.');
    if (observed.initPid === null) return notRunning;
    if (observed.state === 'paused') return fail('WRONG_STATE', 'The machine is paused.');
    const environment = records.definition(containerId)?.spec.environment_vars ?? {};
    return attachToMachine(layout.machines, containerId, environment, request);
  }

  async stats(machine: Machine, diskBytes: number | null): Promise<Outcome<MachineStats>> {
    const { records, cgroups } = this.#options;
    const { container_id: containerId, cpu_cores: cpuCores, memory_bytes: memoryBytes } = machine.spec;
    const observed = await this.observe(containerId);
    const usage = cgroups.tree.usage(containerId);
    const { capabilities } = this;
    return succeed({
      state: observed.state,
      started_at: observed.startedAt?.toISOString() ?? null,
      processes: observed.initPid === null ? 0 : cgroups.processes(containerId).length,
      cpu_usage_ns: usage.cpuNs,
      cpu_allocated_ns: capabilities.cpu_limit && cpuCores !== null ? Math.round(cpuCores * 1e9) : null,
      memory_bytes: usage.memoryBytes,
      memory_peak_bytes: usage.memoryPeakBytes,
      memory_limit_bytes: capabilities.memory_limit ? memoryBytes : null,
      disk_bytes: diskBytes,
      ramdisk_bytes: ramdiskUsage(records.paths(containerId).ramdisk),
      network: observed.initPid === null ? [] : await describeInterfaces(observed.initPid),
    });
  }

  async runtime(containerId: string): Promise<Outcome<MachineRuntime>> {
    const { initPid } = await this.observe(containerId);
    if (initPid === null) return notRunning;
    return succeed({
      processes: describeProcesses(this.#options.cgroups.processes(containerId)),
      listeners: describeListeners(initPid),
    });
  }

  onExit(listener: (containerId: string) => void): void {
    this.#exitListeners.push(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#exitListeners.length = 0;
    this.#options.cgroups.removeBases();
    rmSync(this.#options.layout.probe, { recursive: true, force: true });
  }

  #lookForExits(): void {
    for (const { containerId, alive } of this.#options.records.runningMachines()) {
      if (!alive) for (const listener of this.#exitListeners) listener(containerId);
    }
  }
}

const notRunning = fail('WRONG_STATE', 'The machine is not running.');

function limitsOf({ spec }: Machine): { cpuCores: number | null; memoryBytes: number | null } {
  return { cpuCores: spec.cpu_cores, memoryBytes: spec.memory_bytes };
}

function isMember(pids: readonly number[], pid: number): boolean {
  return pids.includes(pid);
}

/** The host's own node is root's alone: the machine gets one that its root may open. */
async function makeKvmNode(directory: string, rootUid: number): Promise<string> {
  const node = path.join(directory, 'kvm');
  if (existsSync(node)) return node;
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  await runBriefly({ command: 'mknod', argv: ['-m', '660', node, 'c', '10', '232'] });
  chownSync(node, rootUid, rootUid);
  return node;
}
