import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCriu } from '../../../node-daemon/src/drivers/checkpoint/criu/criu-program.ts';

/**
 * What the real CRIU behind it is kept from: `none`; a pre-dump; adding to a pre-dump; or it is held up until that is
 * allowed, before a pre-dump (`hold-up`) or before the end of one (`linger`).
 */
type Refusal = 'none' | 'pre-dump' | 'increment' | 'hold-up' | 'linger';

/** The host's CRIU behind a script that notes how it is called, and refuses some of it. */
export class ScriptedCriu {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'criu-'));
  readonly file = path.join(this.#folder, 'criu');

  /** Whether the kernel tracks changed memory, whatever the script says. */
  readonly kernelTracks: boolean;

  constructor() {
    const found = findCriu(process.env);
    if (!found.available) throw new Error(found.reason);
    this.kernelTracks = found.program.tracksMemory;
    const at = (name: string): string => `'${path.join(this.#folder, name)}'`;
    const script = `#!/bin/sh
await_release() { : >${at('waits')}; while [ -e ${at('waits')} ]; do sleep 0.05; done; }
case "$1 $*" in
check*mem_dirty_track) [ -s ${at('answer')} ] && exit "$(cat ${at('answer')})" ;;
pre-dump*) echo pre-dump >>${at('calls')} ;;
dump*--prev-images-dir*) echo increment >>${at('calls')} ;;
dump*) echo whole >>${at('calls')} ;;
esac
stuck=$(cat ${at('stuck')} 2>/dev/null)
case "$stuck" in
"$1 never") trap '' ALRM; : >${at('stopped')}; sleep 100000; exit ;;
"$1 "*)
  trap : ALRM
  into=\${*#*--images-dir }
  '${found.program.file}' "$@" &
  until ls "\${into%% *}" | grep -q "^\${stuck#* }"; do kill -0 $! || break; done
  kill -STOP $!
  : >${at('stopped')}
  wait $!
  exit
  ;;
esac
case "$(cat ${at('refusal')}) $1 $*" in
'pre-dump pre-dump'* | 'increment dump'*--prev-images-dir*) exit 1 ;;
'hold-up pre-dump'*) await_release ;;
'linger pre-dump'*) '${found.program.file}' "$@"; status=$?; await_release; exit $status ;;
esac
exec '${found.program.file}' "$@"
`;
    chmodSync(this.#folder, 0o755);
    writeFileSync(this.file, script, { mode: 0o755 });
    this.refuse('none');
    this.forget();
  }

  /** What it answers from now on when it is asked whether the kernel tracks changed memory; without it, the truth. */
  answer(tracks: boolean): void {
    writeFileSync(path.join(this.#folder, 'answer'), tracks ? '0' : '1');
  }

  refuse(refusal: Refusal): void {
    writeFileSync(path.join(this.#folder, 'refusal'), refusal);
  }

  /** The dumps that were begun since the last call of {@link forget}, in order. */
  calls(): string[] {
    return readFileSync(path.join(this.#folder, 'calls'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  }

  forget(): void {
    writeFileSync(path.join(this.#folder, 'calls'), '');
  }

  /**
   * From now on CRIU stands still for ever once it has made a file whose name begins so: its log at first, then, for
   * each process that it has in its hands, `pagemap-` and `core-`. `never`: it never begins. Null: no more of this.
   */
  stopAt(command: 'pre-dump' | 'dump', file: string | null): void {
    rmSync(path.join(this.#folder, 'stopped'), { force: true });
    writeFileSync(path.join(this.#folder, 'stuck'), file === null ? '' : `${command} ${file}`);
  }

  /** Whether a CRIU has come to stand still so. */
  get hasStopped(): boolean {
    return existsSync(path.join(this.#folder, 'stopped'));
  }

  /** Whether a pre-dump is being held up. */
  get isHeldUp(): boolean {
    return existsSync(path.join(this.#folder, 'waits'));
  }

  /** Lets all go on that is held up. */
  release(refusal: Refusal = 'none'): void {
    this.refuse(refusal);
    rmSync(path.join(this.#folder, 'waits'), { force: true });
  }

  close(): void {
    this.release();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
