/** An operation that is over sooner tells nothing on its way; a longer one is heard of this often. */
const INTERVAL_MS = 500;
/** As many operations as are remembered; past it all are forgotten, which only delays their next word. */
const OPERATIONS_MAX = 1000;

/** Lets through as much of the hosts' words about running operations as anybody can read. In memory only. */
export class ProgressGate {
  readonly #heardAtMs = new Map<string, number>();

  /** Whether the word about this operation is to be handed on; the first one never is. */
  isOpen(operationId: string, nowMs: number): boolean {
    const lastMs = this.#heardAtMs.get(operationId);
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) return false;
    if (this.#heardAtMs.size >= OPERATIONS_MAX) this.#heardAtMs.clear();
    this.#heardAtMs.set(operationId, nowMs);
    return lastMs !== undefined;
  }

  /** The operation has ended. */
  close(operationId: string): void {
    this.#heardAtMs.delete(operationId);
  }
}
