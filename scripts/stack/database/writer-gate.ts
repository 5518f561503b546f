/**
 * Where statements wait that found the database locked. All connections live in this process, so that the
 * end of any transaction can wake them; a slow timer covers what nobody announced.
 */
export class WriterGate {
  readonly #waiting = new Set<() => void>();
  readonly #pollMs: number;

  constructor(pollMs = 25) {
    this.#pollMs = pollMs;
  }

  /** Resolves when a transaction has ended somewhere, or after the poll interval. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, this.#pollMs);
      this.#waiting.add(wake);
    });
  }

  /** Called whenever a connection may have let go of a lock; the first to wait is woken first. */
  announce(): void {
    for (const wake of this.#waiting) wake();
  }
}
