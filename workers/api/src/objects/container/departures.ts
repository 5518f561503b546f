/**
 * What leaves a ContainerObject after it has been written: errands to the host, the projection to libSQL.
 * Each is kept until the other side has taken it; what could not leave at once is tried again by alarm.
 */
import { describeError, type Logger } from '@control-plane/serving';
import { applyProjection, openDatabase, projectContainer, type Database } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import type { ContainerStore } from './store.ts';
import { nextCopyWork } from './copy-points.ts';
import { containerGateway, hostGateway } from '../gateways.ts';

const OUTBOX_ROWS_PER_FLUSH = 100;
/** A request waits at most this long for the projection; then it is left to the alarm. */
const PROJECTION_WAIT_MS = 1_000;
const FLUSH_DELAY_MS = 20;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;

export class Departures {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: ContainerStore;
  readonly #log: Logger;
  readonly #database: Database;
  #projecting: Promise<void> | null = null;
  #flushing: Promise<void> | null = null;
  /** The newest version that libSQL took from this instance. */
  #projected: ContainerRecord | null = null;
  #sending: Promise<void> | null = null;
  #noticing: Promise<void> | null = null;
  #failures = 0;
  /** When other work of the object is next to be done, Unix ms; null: nothing waits. */
  readonly #otherWork: (nowMs: number) => number | null;

  constructor(
    ctx: DurableObjectState,
    env: Env,
    store: ContainerStore,
    log: Logger,
    otherWork: (nowMs: number) => number | null,
  ) {
    this.#otherWork = otherWork;
    this.#ctx = ctx;
    this.#env = env;
    this.#store = store;
    this.#log = log;
    this.#database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  }

  /**
   * Sets the object's one alarm: the retry of what waits here, or the running operation's deadline. Called
   * inside the block that writes, so that the alarm is stored with it.
   */
  schedule(): void {
    const deadline = this.#store.load()?.running?.deadlineAtMs;
    const nextWork = [nextCopyWork(this.#store), this.#otherWork(Date.now())].filter((at) => at !== null);
    const retry = Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MS_MAX);
    const times = [
      ...(deadline === undefined ? [] : [deadline]),
      ...(this.#store.hasBacklog() || this.#store.waitsForSource() ? [Date.now() + retry] : []),
      ...nextWork,
    ];
    if (times.length > 0) void this.#ctx.storage.setAlarm(Math.min(...times));
  }

  /** Lets out what can leave now. Never throws: what stays is retried. */
  async leave(): Promise<void> {
    await Promise.all([this.sendErrands(), this.#projectBounded()]);
    this.#ctx.waitUntil(this.#sendNotices());
  }

  /** Tells other containers what they wait for; each word is kept until it was taken. */
  #sendNotices(): Promise<void> {
    this.#noticing ??= this.#sendAllNotices().finally(() => {
      this.#noticing = null;
    });
    return this.#noticing;
  }

  async #sendAllNotices(): Promise<void> {
    try {
      for (let batch = this.#notices(); batch.length > 0; batch = this.#notices()) {
        for (const { sequence, notice } of batch) {
          await containerGateway(this.#env, notice.to).letGo(notice.letGo);
          this.#store.copies.deleteNotice(sequence);
        }
      }
    } catch (error) {
      this.#failed('notices', error);
    }
  }

  #notices(): ReturnType<ContainerStore['copies']['notices']> {
    return this.#store.isEmpty ? [] : this.#store.copies.notices();
  }

  /** Hands the host's errands over; the projection follows with the next `leave` or by alarm. */
  sendErrands(): Promise<void> {
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

  /** A request waits for the container's row, for a bounded time; log and events follow on their own. */
  async #projectBounded(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PROJECTION_WAIT_MS);
    });
    await Promise.race([this.#project(), limit]);
    clearTimeout(timer);
    this.#ctx.waitUntil(this.#flush());
  }

  #project(): Promise<void> {
    this.#projecting ??= this.#projectLatest().finally(() => {
      this.#projecting = null;
    });
    return this.#projecting;
  }

  async #projectLatest(): Promise<void> {
    try {
      for (let next = this.#next(); next !== null; next = this.#next()) {
        const { record, withRealms } = next;
        const deletedAt = record.status === 'deleted' ? record.updatedAt : null;
        if (!record.prespawn) {
          await projectContainer(this.#database, record, { withRealms, deletedAt });
        }
        this.#projected = record;
      }
      this.#failures = 0;
    } catch (error) {
      this.#failed('projection', error);
    }
  }

  /** What libSQL does not have, by what is stored and by what this instance has sent since. */
  #next(): ReturnType<ContainerStore['unprojected']> {
    const next = this.#store.unprojected();
    return next !== null && next.record.version > (this.#projected?.version ?? 0) ? next : null;
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flushAll(): Promise<void> {
    // The answer that is about to leave would have to wait for what is written here.
    await scheduler.wait(FLUSH_DELAY_MS);
    try {
      // Should this be lost, the same row is written again.
      if (this.#projected !== null) this.#store.setProjected(this.#projected);
      for (let batch = this.#store.outbox(OUTBOX_ROWS_PER_FLUSH); batch.length > 0;) {
        await applyProjection(
          this.#database,
          batch.map(({ write }) => write),
        );
        this.#store.deleteOutbox(batch.at(-1)?.sequence ?? 0);
        batch = this.#store.outbox(OUTBOX_ROWS_PER_FLUSH);
      }
    } catch (error) {
      this.#failed('outbox', error);
    }
  }

  #failed(what: string, error: unknown): void {
    this.#failures = Math.min(this.#failures + 1, 5);
    this.#log.warn('departure failed and will be retried', { what, error: describeError(error) });
    this.schedule();
  }
}
