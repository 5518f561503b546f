import { and, eq, lt } from 'drizzle-orm';
import type { Database } from './client.ts';
import { idempotencyKeys } from './schema.ts';

export interface IdempotencyClaim {
  /** Whose key it is: caller and route. */
  readonly scope: string;
  /** SHA-256 of the client's key: the key itself is never kept. */
  readonly keyHash: string;
  readonly requestHash: string;
  /** Used when this attempt is the first. */
  readonly seed: string;
  readonly now: number;
  readonly leaseUntil: number;
  readonly expiresAt: number;
}

export type IdempotencyState =
  /** This attempt may act; `seed` is the first attempt's. */
  | { readonly kind: 'acquired'; readonly seed: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'reused' }
  | { readonly kind: 'done'; readonly status: number; readonly body: string };

/** Claims a key for one attempt, or tells what an earlier attempt left. */
export async function claimIdempotencyKey(
  database: Database,
  claim: IdempotencyClaim,
): Promise<IdempotencyState> {
  const { scope, keyHash, requestHash, seed, now, leaseUntil, expiresAt } = claim;
  await database
    .delete(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.scope, scope),
        eq(idempotencyKeys.key, keyHash),
        lt(idempotencyKeys.expiresAt, now),
      ),
    );
  const inserted = await database
    .insert(idempotencyKeys)
    .values({
      scope,
      key: keyHash,
      requestHash,
      seed,
      state: 'running',
      leaseUntil,
      expiresAt,
      createdAt: now,
    })
    .onConflictDoNothing();
  if (inserted.rowsAffected === 1) return { kind: 'acquired', seed };

  const mine = and(eq(idempotencyKeys.scope, scope), eq(idempotencyKeys.key, keyHash));
  const [known] = await database.select().from(idempotencyKeys).where(mine);
  if (known === undefined) return { kind: 'running' };
  if (known.requestHash !== requestHash) return { kind: 'reused' };
  if (known.state === 'done' && known.responseStatus !== null) {
    return { kind: 'done', status: known.responseStatus, body: known.responseBody ?? '' };
  }
  // The attempt before is over without an answer (or died): this one goes on with its seed.
  const taken = await database
    .update(idempotencyKeys)
    .set({ leaseUntil })
    .where(and(mine, eq(idempotencyKeys.leaseUntil, known.leaseUntil), lt(idempotencyKeys.leaseUntil, now)));
  return taken.rowsAffected === 1 ? { kind: 'acquired', seed: known.seed } : { kind: 'running' };
}

/** Keeps the answer for replays. */
export async function finishIdempotencyKey(
  database: Database,
  key: { scope: string; keyHash: string },
  response: { status: number; body: string },
): Promise<void> {
  await database
    .update(idempotencyKeys)
    .set({ state: 'done', responseStatus: response.status, responseBody: response.body })
    .where(and(eq(idempotencyKeys.scope, key.scope), eq(idempotencyKeys.key, key.keyHash)));
}

/** Lets the next attempt act at once; its seed stays, so that it joins what this one may have begun. */
export async function releaseIdempotencyKey(
  database: Database,
  key: { scope: string; keyHash: string },
): Promise<void> {
  await database
    .update(idempotencyKeys)
    .set({ leaseUntil: 0 })
    .where(and(eq(idempotencyKeys.scope, key.scope), eq(idempotencyKeys.key, key.keyHash)));
}

/** Deletes expired keys; returns how many. */
export async function sweepIdempotencyKeys(database: Database, now: number): Promise<number> {
  const result = await database.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, now));
  return result.rowsAffected;
}
