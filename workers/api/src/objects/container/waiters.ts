/** Calls that wait for an operation to end. Lost with the object's memory: the caller then asks again. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves when `operationId` is released, or after `waitMs`. */
  wait(operationId: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(operationId) ?? new Set();
      this.#waiting.set(operationId, waiting);
      const finish = (): void => {
        clearTimeout(timer);
        waiting.delete(finish);
        if (waiting.size === 0) this.#waiting.delete(operationId);
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      waiting.add(finish);
    });
  }

  release(operationId: string): void {
    for (const finish of Array.from(this.#waiting.get(operationId) ?? [])) finish();
  }
}
