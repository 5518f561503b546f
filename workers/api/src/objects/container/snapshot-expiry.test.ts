import { createLogger } from '@control-plane/serving';
import { describe, expect, it } from 'vitest';
import type { CommandInput, CommandOutcome, SnapshotRecord } from './messages.ts';
import { SnapshotExpiry } from './snapshot-expiry.ts';
import type { ContainerStore, Loaded } from './store.ts';

type Store = Pick<ContainerStore, 'load' | 'nextExpiry'>;
const ID = 'a'.repeat(24);
const MINUTE = 60_000;

function stage(names: Readonly<Record<string, number>>, status = 'running', isBusy = false) {
  const snapshots = Object.entries(names).map(
    ([name, expiresAt]) => ({ name, expiresAt }) as unknown as SnapshotRecord & { expiresAt: number },
  );
  const removed: string[] = [];
  let isRefusing = false;
  const store: Store = {
    load: () => ({ record: { id: ID, status }, running: isBusy ? {} : null }) as unknown as Loaded,
    nextExpiry: () => snapshots.toSorted((a, b) => a.expiresAt - b.expiresAt)[0] ?? null,
  };
  const command = async (input: CommandInput): Promise<CommandOutcome> => {
    if (isRefusing) {
      return { kind: 'refused', error: { code: 'HOST_UNAVAILABLE', message: 'away' }, record: null };
    }
    expect(input).toMatchObject({ command: 'delete-snapshot', actor: { userId: null } });
    const name = input.parameters.snapshot_name ?? '';
    removed.push(name);
    snapshots.splice(
      snapshots.findIndex((each) => each.name === name),
      1,
    );
    return { kind: 'pending' } as unknown as CommandOutcome;
  };
  const expiry = new SnapshotExpiry(store, createLogger({ component: 'test' }), command);
  return { expiry, removed, refuse: (refusing: boolean) => void (isRefusing = refusing) };
}

describe('snapshots with an end', () => {
  it('are removed one after the other when their time is over, and not before', async () => {
    const { expiry, removed } = stage({ late: 5000, early: 2000, middle: 2000 + MINUTE });
    expect(expiry.nextMs(1000)).toBe(2000);
    await expiry.tend(1999);
    expect(removed).toEqual([]);
    await expiry.tend(2000);
    expect(removed).toEqual(['early']);
    await expiry.tend(5000);
    expect(removed).toEqual(['early', 'late']);
    expect(expiry.nextMs(6000)).toBe(2000 + MINUTE);
  });

  it('wait after a refusal, longer each time, and are then tried again', async () => {
    const { expiry, removed, refuse } = stage({ only: 1000 });
    refuse(true);
    await expiry.tend(2000);
    expect(expiry.nextMs(3000)).toBe(7000);
    await expiry.tend(7000);
    expect(expiry.nextMs(7000)).toBe(17_000);
    refuse(false);
    await expiry.tend(16_999);
    expect(removed).toEqual([]);
    await expiry.tend(17_000);
    expect(removed).toEqual(['only']);
    expect(expiry.nextMs(17_000)).toBeNull();
  });

  it.each([
    ['failed', false],
    ['deleting', false],
    ['running', true],
  ] as const)('stay while the container is %s (busy: %s)', async (status, isBusy) => {
    const { expiry, removed } = stage({ only: 1000 }, status, isBusy);
    await expiry.tend(9000);
    expect(removed).toEqual([]);
    expect(expiry.nextMs(9000)).toBeNull();
  });
});
