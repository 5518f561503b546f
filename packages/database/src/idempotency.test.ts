import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  claimIdempotencyKey,
  finishIdempotencyKey,
  releaseIdempotencyKey,
  sweepIdempotencyKeys,
} from './idempotency.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
});
afterAll(() => temporary.dispose());

function claim(keyHash: string, fields: object = {}) {
  const base = {
    scope: 'user',
    keyHash,
    requestHash: 'r',
    seed: 'first',
    now: 100,
    leaseUntil: 200,
    expiresAt: 1000,
  };
  return claimIdempotencyKey(temporary.database, { ...base, ...fields });
}

describe('an idempotency key', () => {
  it('is acquired once, and replays its answer', async () => {
    expect(await claim('a')).toEqual({ kind: 'acquired', seed: 'first' });
    expect(await claim('a', { seed: 'second' })).toEqual({ kind: 'running' });
    await finishIdempotencyKey(
      temporary.database,
      { scope: 'user', keyHash: 'a' },
      { status: 201, body: 'sealed' },
    );
    expect(await claim('a')).toEqual({ kind: 'done', status: 201, body: 'sealed' });
    expect(await claim('a', { requestHash: 'other' })).toEqual({ kind: 'reused' });
    expect(await claim('a', { scope: 'somebody else' })).toMatchObject({ kind: 'acquired' });
  });

  it('goes to the next attempt with the seed of the first, after a release or a dead lease', async () => {
    await claim('b');
    await releaseIdempotencyKey(temporary.database, { scope: 'user', keyHash: 'b' });
    expect(await claim('b', { seed: 'second', leaseUntil: 300 })).toEqual({
      kind: 'acquired',
      seed: 'first',
    });
    expect(await claim('b', { seed: 'third', now: 299, leaseUntil: 400 })).toEqual({ kind: 'running' });
    expect(await claim('b', { seed: 'third', now: 301, leaseUntil: 400 })).toEqual({
      kind: 'acquired',
      seed: 'first',
    });
  });

  it('of many at once only one attempt is let through', async () => {
    const states = await Promise.all(Array.from({ length: 20 }, () => claim('c')));
    expect(states.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
  });

  it('ends after its time', async () => {
    await claim('d');
    expect(await claim('d', { seed: 'new', now: 1001, leaseUntil: 1100, expiresAt: 2000 })).toEqual({
      kind: 'acquired',
      seed: 'new',
    });
    expect(await sweepIdempotencyKeys(temporary.database, 5000)).toBeGreaterThan(0);
    expect(await sweepIdempotencyKeys(temporary.database, 5000)).toBe(0);
  });
});
