import type { TransferProgress } from '@control-plane/contract/link';

/** A report at most this often. */
const reportIntervalMs = 500;
/** How much the newest interval counts in the rate. */
const newestWeight = 0.4;

export type TransferMeterOptions = {
  /** Null: nobody can tell. */
  readonly bytesTotal: number | null;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  readonly report: (progress: TransferProgress) => void;
};

/** Counts what a transfer moves, and says now and then how far it is, how fast it goes, how long it may take. */
export class TransferMeter {
  readonly #options: TransferMeterOptions;
  #bytesDone = 0;
  #reported: { atMs: number; bytesDone: number };
  #bytesPerSecond: number | undefined;

  constructor(options: TransferMeterOptions) {
    this.#options = options;
    this.#reported = { atMs: options.now(), bytesDone: 0 };
  }

  get bytesDone(): number {
    return this.#bytesDone;
  }

  /** Counts bytes that came; negative ones when what came has to come again. */
  add(bytes: number): void {
    this.#bytesDone += bytes;
    const { now, report } = this.#options;
    const atMs = now();
    const passedMs = atMs - this.#reported.atMs;
    if (passedMs < reportIntervalMs) return;
    const newest = Math.max(0, ((this.#bytesDone - this.#reported.bytesDone) / passedMs) * 1000);
    const before = this.#bytesPerSecond ?? newest;
    this.#bytesPerSecond = before + (newest - before) * newestWeight;
    this.#reported = { atMs, bytesDone: this.#bytesDone };
    report(this.#progress());
  }

  #progress(): TransferProgress {
    const { bytesTotal } = this.#options;
    const rate = Math.round(this.#bytesPerSecond ?? 0);
    const progress = { bytes_done: this.#bytesDone, bytes_per_second: rate };
    if (bytesTotal === null) return progress;
    const left = Math.max(0, bytesTotal - this.#bytesDone);
    const known = { ...progress, bytes_total: Math.max(bytesTotal, this.#bytesDone) };
    return rate === 0 ? known : { ...known, remaining_ms: Math.round((left / rate) * 1000) };
  }
}
