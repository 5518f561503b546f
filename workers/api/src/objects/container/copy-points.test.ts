import type { ContainerRecord } from '@control-plane/lifecycle';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqlStorage } from '../sql-storage-test-bed.ts';
import {
  answerCopyOut,
  beginCopyPoint,
  nextCopyWork,
  overdueTargets,
  releaseUnneeded,
  settleCopyPoint,
  settleRelease,
  takeLetGo,
} from './copy-points.ts';
import { ContainerStore } from './store.ts';

const RECORD = { id: 'a'.repeat(24), incarnation: 1, memory: null, environmentVars: {} } as ContainerRecord;
const POINTS = ['copy-one', 'copy-two', 'copy-three'];
const TARGETS = ['b'.repeat(24), 'c'.repeat(24)];
const MINUTE = 60_000;

/** A store on real SQLite, as a Durable Object's storage offers it. */
function openStore(): ContainerStore {
  const store = new ContainerStore({ sql: openSqlStorage() } as unknown as DurableObjectStorage);
  store.establish();
  return store;
}

function make(store: ContainerStore, name: string, targetId: string, nowMs = 0): void {
  beginCopyPoint(store, RECORD, { name, targetId }, nowMs);
  const copy_point = { name, stateful: false, size_bytes: 1 };
  const result = { state: 'running' as const, duration_ms: 1, steps: [], copy_point };
  settleCopyPoint(store, RECORD, name, { result, error: null }, nowMs);
}

interface Told {
  readonly name: string;
  readonly asBase: boolean;
  readonly operationId: string;
}

/** What the host was told since the last look: copy point and whether it stays as a base. */
function told(store: ContainerStore): Told[] {
  return store.errands().map(({ sequence, errand }) => {
    store.deleteErrand(sequence);
    if (errand.kind !== 'dispatch') throw new Error('only releases are dispatched here');
    const { parameters, operation_id: operationId } = errand.dispatch;
    return { name: parameters.copy_point ?? '', asBase: parameters.keep_base === true, operationId };
  });
}

describe('a copy point', () => {
  const [first = '', second = ''] = POINTS;
  const [target = '', other = ''] = TARGETS;

  it('is kept for the last of its copies, as a base for as long as one needs it, and then forgotten', () => {
    const store = openStore();
    make(store, first, target);
    store.copies.addTarget(first, other, 0);
    takeLetGo(store, RECORD, { targetId: target, copyPoint: first, keepAsBase: true }, 1);
    expect(told(store)).toEqual([]);
    takeLetGo(store, RECORD, { targetId: other, copyPoint: first, keepAsBase: false }, 2);
    expect(told(store)).toMatchObject([{ name: first, asBase: true }]);
    expect(store.copies.isBaseOf(first, target)).toBe(true);
    make(store, second, target);
    takeLetGo(store, RECORD, { targetId: target, copyPoint: second, keepAsBase: true }, 3);
    const released = told(store).toSorted((left, right) => left.name.localeCompare(right.name));
    expect(released).toMatchObject([
      { name: first, asBase: false },
      { name: second, asBase: true },
    ]);
    for (const { operationId } of released) settleRelease(store, operationId, true, 4);
    expect(store.copies.points().map(({ name }) => name)).toEqual([second]);
    takeLetGo(store, RECORD, { targetId: target, copyPoint: null, keepAsBase: false }, 5);
    expect(told(store)).toMatchObject([{ name: second, asBase: false }]);
  });

  it('that could not be let go is let go again later', () => {
    const store = openStore();
    make(store, first, target);
    takeLetGo(store, RECORD, { targetId: target, copyPoint: first, keepAsBase: false }, 0);
    const [release] = told(store);
    settleRelease(store, release?.operationId ?? '', false, 1000);
    expect(nextCopyWork(store)).toBe(31_000);
    releaseUnneeded(store, RECORD, 30_999);
    expect(told(store)).toEqual([]);
    releaseUnneeded(store, RECORD, 31_000);
    expect(told(store)).toMatchObject([{ name: first, asBase: false }]);
  });

  it('that failed is refused to all who ask', () => {
    const store = openStore();
    beginCopyPoint(store, RECORD, { name: first, targetId: target }, 0);
    expect(answerCopyOut(store, RECORD, first)).toEqual({ kind: 'pending' });
    const error = { code: 'OPERATION_TIMEOUT' as const, message: 'too late' };
    settleCopyPoint(store, RECORD, first, { result: null, error }, 1);
    expect(answerCopyOut(store, RECORD, first)).toEqual({ kind: 'refused', error });
  });

  it('asks about copies that never let go', () => {
    const store = openStore();
    make(store, first, target, 1000);
    expect(overdueTargets(store, 1000 + 10 * MINUTE - 1)).toEqual([]);
    expect(nextCopyWork(store)).toBe(1000 + 10 * MINUTE);
    const [overdue] = overdueTargets(store, 1000 + 10 * MINUTE);
    expect(overdue).toMatchObject({ copyPoint: first, targetId: target });
    if (overdue !== undefined) store.copies.touchTarget(overdue, 1000 + 10 * MINUTE);
    expect(overdueTargets(store, 1000 + 10 * MINUTE)).toEqual([]);
  });

  it('is never let go while a copy waits for it, and always when none needs it, whatever the order', () => {
    const word = fc.record({
      point: fc.constantFrom(...POINTS),
      target: fc.constantFrom(...TARGETS),
      kind: fc.constantFrom('ask', 'base', 'drop', 'gone'),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const store = openStore();
        for (const { point, target: targetId, kind } of words) {
          const known = store.copies.point(point);
          if (kind === 'ask') {
            // Names are never used twice: what was let go is not asked for again.
            if (known === null) make(store, point, targetId);
            else if (known.told === 'whole') store.copies.addTarget(point, targetId, 0);
          } else {
            const copyPoint = kind === 'gone' ? null : point;
            takeLetGo(store, RECORD, { targetId, copyPoint, keepAsBase: kind === 'base' }, 0);
          }
          const pending = store.copies.pendingTargets().map(({ copyPoint }) => copyPoint);
          for (const { name } of told(store)) expect(pending).not.toContain(name);
          for (const each of store.copies.points()) {
            expect(each.told).toBe(store.copies.wanted(each.name));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
