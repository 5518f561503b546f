/**
 * What leaves a ContainerObject after it has been written: errands to the host, the projection to libSQL.
 * Each is kept until the other side has taken it; what could not leave at once is tried again by alarm.
 */
import { applyProjection, openDatabase, type Database, type ProjectionWrite } from '@control-plane/database';
import type { Env } from '../../env.ts';
import { describeError, type Logger } from '../../log.ts';
import type { ContainerStore } from './store.ts';
import { hostGateway } from '../gateways.ts';

const OUTBOX_ROWS_PER_FLUSH = 100;
/** A request waits at most this long for the projection; then it is left to the alarm. */
const FLUSH_WAIT_MS = 1_000;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;

export class Departures {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: ContainerStore;
  readonly #log: Logger;
  readonly #database: Database;
  #flushing: Promise<void> | null = null;
  #sending: Promise<void> | null = null;
  #failures = 0;

  constructor(ctx: DurableObjectState, env: Env, store: ContainerStore, log: Logger) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = store;
    this.#log = log;
    this.#database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN);
  }

  /**
   * Sets the object's one alarm: the retry of what waits here, or the running operation's deadline. Called
   * inside the block that writes, so that the alarm is stored with it.
   */
  schedule(): void {
    const deadline = this.#store.load()?.running?.deadlineAtMs;
    const retry = Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MS_MAX);
    const times = [
      ...(deadline === undefined ? [] : [deadline]),
      ...(this.#store.hasBacklog() ? [Date.now() + retry] : []),
    ];
    if (times.length > 0) void this.#ctx.storage.setAlarm(Math.min(...times));
  }

  /** Lets out what can leave now. Never throws: what stays is retried. */
  async leave(): Promise<void> {
    await Promise.all([this.#sendErrands(), this.#flushBounded()]);
  }

  #sendErrands(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    try {
      for (let batch = this.#store.errands(); batch.length > 0; batch = this.#store.errands()) {
        const serverId = this.#store.load()?.record.serverId;
        if (serverId === undefined) return;
        const host = hostGateway(this.#env, serverId);
        for (const { sequence, errand } of batch) {
          if (errand.kind === 'dispatch') await host.dispatch(errand.dispatch);
          else await host.cancel(errand.operationId);
          this.#store.deleteErrand(sequence);
        }
      }
    } catch (error) {
      this.#failed('errands', error);
    }
  }

  async #flushBounded(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_WAIT_MS);
    });
    await Promise.race([this.#flush(), limit]);
    clearTimeout(timer);
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flushAll(): Promise<void> {
    try {
      for (let batch = this.#store.outbox(OUTBOX_ROWS_PER_FLUSH); batch.length > 0;) {
        await applyProjection(this.#database, latestOnly(batch.map(({ write }) => write)));
        this.#store.deleteOutbox(batch[batch.length - 1]?.sequence ?? 0);
        batch = this.#store.outbox(OUTBOX_ROWS_PER_FLUSH);
      }
      this.#failures = 0;
    } catch (error) {
      this.#failed('projection', error);
    }
  }

  #failed(what: string, error: unknown): void {
    this.#failures = Math.min(this.#failures + 1, 5);
    this.#log.warn('departure failed and will be retried', { what, error: describeError(error) });
    this.schedule();
  }
}

/** Of several versions of the container only the newest needs to be written, unless realms changed on the way. */
function latestOnly(writes: readonly ProjectionWrite[]): ProjectionWrite[] {
  let realmsChanged = false;
  const kept: ProjectionWrite[] = [];
  let newest: Extract<ProjectionWrite, { kind: 'container' }> | null = null;
  for (const write of writes) {
    if (write.kind !== 'container') {
      kept.push(write);
      continue;
    }
    realmsChanged ||= write.realmsChanged;
    newest = write;
  }
  // Holds are released after the row that no longer needs them.
  return newest === null ? kept : [{ ...newest, realmsChanged }, ...kept];
}
