import { describe, expect, it } from 'vitest';
import type { ActivityRow } from '@control-plane/database';
import { ActivityBuffer } from './activity-buffer.ts';

const entry = (index: number): ActivityRow => ({
  id: String(index),
  userId: 'u',
  realmId: null,
  method: 'GET',
  path: '/',
  statusCode: 200,
  clientAddress: '192.0.2.1',
  userAgent: null,
  createdAt: index,
});

/** A buffer whose pauses end when the test says so, and a database that fails as often as it is told. */
function bench(failures = 0) {
  const pauses: (() => void)[] = [];
  const work: Promise<unknown>[] = [];
  const written: (readonly ActivityRow[])[] = [];
  const lost: number[] = [];
  let left = failures;
  const means = {
    write: async (entries: readonly ActivityRow[]) => {
      if (left > 0) {
        left -= 1;
        throw new Error('away');
      }
      written.push(entries);
    },
    waitUntil: (promise: Promise<unknown>) => void work.push(promise),
    lost: (entries: number) => void lost.push(entries),
  };
  const buffer = new ActivityBuffer(() => new Promise<void>((resolve) => pauses.push(resolve)));
  const elapse = async () => {
    for (const resolve of pauses.splice(0)) resolve();
    await Promise.all(work);
  };
  const ids = () => written.flat().map(({ id }) => Number(id));
  return { buffer, means, pauses, written, lost, elapse, ids };
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the activity buffer', () => {
  it('writes what came within one pause at once, each entry once', async () => {
    const { buffer, means, pauses, written, elapse, ids } = bench();
    for (const index of upTo(50)) buffer.add(entry(index), means, 0);
    expect(pauses).toHaveLength(1);
    await elapse();
    expect(written).toHaveLength(1);
    expect(ids()).toEqual(upTo(50));
    buffer.add(entry(50), means, 1);
    await elapse();
    expect(ids()).toEqual(upTo(51));
  });

  it('does not wait when a batch is full, and keeps batches bounded', async () => {
    const { buffer, means, written, elapse, ids } = bench();
    for (const index of upTo(450)) buffer.add(entry(index), means, 0);
    await elapse();
    expect(ids().toSorted((left, right) => left - right)).toEqual(upTo(450));
    expect(Math.max(...written.map((batch) => batch.length))).toBe(200);
  });

  it('tries again, and tells what is lost when the database stays away', async () => {
    const twice = bench(2);
    twice.buffer.add(entry(0), twice.means, 0);
    await twice.elapse();
    expect([twice.ids(), twice.lost]).toEqual([[0], []]);
    const thrice = bench(3);
    thrice.buffer.add(entry(0), thrice.means, 0);
    await thrice.elapse();
    expect([thrice.ids(), thrice.lost]).toEqual([[], [1]]);
  });

  it('is taken over by the next request when the one that was to write is gone', async () => {
    const { buffer, means, pauses, ids } = bench();
    buffer.add(entry(0), means, 0);
    // Its request was cut off: the pause never ends.
    pauses.length = 0;
    buffer.add(entry(1), means, 100);
    expect(pauses).toHaveLength(0);
    buffer.add(entry(2), means, 10_000);
    expect(pauses).toHaveLength(1);
    pauses.splice(0).forEach((resolve) => resolve());
    await expect.poll(ids).toEqual([0, 1, 2]);
  });

  it('writes at an orderly end what still waits, and holds no more than it may', async () => {
    const { buffer, means, lost, ids } = bench();
    const deaf = { ...means, waitUntil: () => undefined, write: () => new Promise<void>(() => undefined) };
    buffer.add(entry(0), means, 0);
    await buffer.drain(means);
    expect(ids()).toEqual([0]);
    for (const index of upTo(21_000)) buffer.add(entry(index), deaf, 0);
    expect(lost.length).toBeGreaterThan(0);
  });
});
