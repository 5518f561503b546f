import { DurableObject } from 'cloudflare:workers';

/** `allowed`: the attempt was counted under `slot`. Otherwise the time in ms until a retry can succeed. */
export type RateLimitVerdict =
  | { readonly allowed: true; readonly slot: number }
  | { readonly allowed: false; readonly retryAfterMs: number };

/**
 * Counts the attempts of one key under one limiter, exactly: a sliding window that keeps the time of each
 * counted attempt, so never more rows than the limit. Refused attempts are not counted. Its alarm empties
 * the object once the last attempt has left the window.
 */
export class RateLimitObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#prepare();
  }

  /** Takes one of `limit` places in the last `windowMs` milliseconds. */
  async take(limit: number, windowMs: number): Promise<RateLimitVerdict> {
    const now = Date.now();
    const sql = this.ctx.storage.sql;
    sql.exec('delete from attempts where at <= ?', now - windowMs);
    const { count, oldest } = sql
      .exec<{ count: number; oldest: number | null }>(
        'select count(*) as count, min(at) as oldest from attempts',
      )
      .one();
    if (count >= limit)
      return { allowed: false, retryAfterMs: Math.max(1, (oldest ?? now) + windowMs - now) };
    const { slot } = sql
      .exec<{ slot: number }>('insert into attempts (at) values (?) returning slot', now)
      .one();
    await this.ctx.storage.setAlarm(now + windowMs);
    return { allowed: true, slot };
  }

  /** Gives a place back, for limiters that count failures only. An unknown slot changes nothing. */
  async giveBack(slot: number): Promise<void> {
    this.ctx.storage.sql.exec('delete from attempts where slot = ?', slot);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
    this.#prepare();
  }

  /** Slots are never reused, so that a late `giveBack` can't free another attempt's place. */
  #prepare(): void {
    this.ctx.storage.sql.exec(
      'create table if not exists attempts (slot integer primary key autoincrement, at integer not null)',
    );
  }
}
