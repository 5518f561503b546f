import type { Dispatch } from '@control-plane/contract/link';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCriu } from '../../node-daemon/src/drivers/checkpoint/criu/criu-program.ts';
import { TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { machineSpec } from './machine-spec.ts';

const ROUNDS = 10;
/** What the machine holds in memory, in a process of its own. */
const residentMebibytes = 16;

/** Milliseconds of each round: the daemon's step, and CRIU alone within it. */
export interface CheckpointSamples {
  readonly dump: { readonly step: readonly number[]; readonly criu: readonly number[] };
  readonly restore: { readonly step: readonly number[]; readonly criu: readonly number[] };
}

/**
 * Times the daemon's dump and restore of a machine, and in the same rounds the CRIU commands that they run, by
 * a CRIU that writes down how long it took. Undefined where there is no CRIU.
 */
export async function measureCheckpoints(): Promise<CheckpointSamples | undefined> {
  const criu = findCriu(process.env);
  if (!criu.available) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'criu-'));
  const clock = new CriuClock(folder, criu.program.file);
  const host = new TestHost();
  const samples = {
    dump: { step: [] as number[], criu: [] as number[] },
    restore: { step: [] as number[], criu: [] as number[] },
  };
  try {
    await host.control.listen();
    const environment = { NODE_DAEMON_CRIU: clock.program };
    const daemon = await host.startDaemon({ driver: 'lxc', logLevel: 'info', environment });
    const spec = machineSpec('busybox');
    let incarnation = 1;
    const run = async (
      command: Dispatch['command'],
      parameters: Dispatch['parameters'] = {},
    ): Promise<Map<string, number>> => {
      const end = await host.control.run(spec, command, { incarnation, parameters });
      if (end.type === 'failed') throw new Error(`${command}: ${end.error.message}`);
      return new Map(end.result.steps.map((step) => [step.name, step.duration_ms ?? 0]));
    };
    await run('create');
    await daemon.shell(spec.container_id, loadCommand);
    await waitFor(
      'the load',
      async () => (await daemon.shell(spec.container_id, 'cat /run/loaded')) === 'yes',
    );
    for (let round = 0; round <= ROUNDS; round += 1) {
      const snapshot_name = `round${round}`;
      clock.reset();
      const held = await run('snapshot', { snapshot_name, stateful: true });
      const dumpMs = await clock.spentMs('dump');
      incarnation += 1;
      const restored = await run('restore', { snapshot_name, run_after: true });
      const restoreMs = await clock.spentMs('restore');
      if (round === 0) continue;
      samples.dump.step.push(held.get('dump-memory') ?? Number.NaN);
      samples.dump.criu.push(dumpMs);
      samples.restore.step.push(restored.get('start-machine') ?? Number.NaN);
      samples.restore.criu.push(restoreMs);
    }
    incarnation += 1;
    await run('delete');
    return samples;
  } finally {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process with memory that is not zero, in a session of its own so that nothing from outside holds it. */
const loadCommand = `setsid sh -c 'm=$(head -c ${residentMebibytes * 512 * 1024} /dev/urandom | hexdump -ve "/1 \\"%02x\\"")
echo yes >/run/loaded; while :; do sleep 1; done' >/dev/null 2>&1 </dev/null &`;

/** A CRIU that notes its name and nanoseconds. It becomes CRIU itself: LXC wants its restored processes beside it. */
class CriuClock {
  readonly program: string;
  readonly #log: string;

  constructor(folder: string, criu: string) {
    chmodSync(folder, 0o755);
    this.program = path.join(folder, 'criu');
    this.#log = path.join(folder, 'log');
    const watch = `s=$(date +%s%N); tail --pid=$$ -s 0.002 -f /dev/null; echo "$1 $(($(date +%s%N) - s))" >>'${this.#log}'`;
    const script = `#!/bin/sh\ncase $1 in dump|restore) ( (${watch}) </dev/null >/dev/null 2>&1 & ) ;; esac\nexec '${criu}' "$@"\n`;
    writeFileSync(this.program, script, { mode: 0o755 });
    this.reset();
  }

  reset(): void {
    writeFileSync(this.#log, '');
  }

  /** Milliseconds of all calls of `command` since the last reset, once the last has been noted. */
  async spentMs(command: string): Promise<number> {
    const durations = await waitFor(`the duration of criu ${command}`, () => {
      const lines = readFileSync(this.#log, 'utf8').split('\n');
      const found = lines
        .filter((line) => line.startsWith(`${command} `))
        .map((line) => Number(line.split(' ')[1]));
      return found.length > 0 && found;
    });
    return durations.reduce((sum, duration) => sum + duration, 0) / 1e6;
  }
}
