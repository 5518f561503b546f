import { fail, ok, type Result } from '@control-plane/contract';
import { expect, it } from 'vitest';
import { cascadeDelete } from './cascade-containers.ts';

const containers = Array.from({ length: 30 }, (_, index) => ({
  id: index.toString(16).padStart(24, '0'),
  name: `container-${index}`,
  realmIds: [],
  isPrespawn: false,
}));

it('deletes every container once and never more than eight at a time', async () => {
  const seen: string[] = [];
  let under = 0;
  let most = 0;
  const outcome = await cascadeDelete(containers, async (id) => {
    seen.push(id);
    under += 1;
    most = Math.max(most, under);
    await Promise.resolve();
    under -= 1;
    return ok(null);
  });
  expect(seen.toSorted()).toStrictEqual(containers.map(({ id }) => id));
  expect(most).toBe(8);
  expect(outcome.deleted).toHaveLength(30);
  expect(outcome.failures).toStrictEqual([]);
});

it('begins no more deletions after one failed, and names that one', async () => {
  const stubborn = containers[3]?.id;
  let begun = 0;
  const deleteOne = (id: string): Promise<Result<null>> => {
    begun += 1;
    return Promise.resolve(id === stubborn ? fail('HOST_UNAVAILABLE', 'the host is away') : ok(null));
  };
  const outcome = await cascadeDelete(containers, deleteOne);
  expect(begun).toBeLessThan(containers.length);
  expect(outcome.deleted).toHaveLength(begun - 1);
  expect(outcome.failures.map(({ container, error }) => [container.id, error.code])).toStrictEqual([
    [stubborn, 'HOST_UNAVAILABLE'],
  ]);
});

it('counts a container that is gone already as deleted', async () => {
  const outcome = await cascadeDelete(containers, () => Promise.resolve(fail('CONTAINER_NOT_FOUND', 'gone')));
  expect(outcome.failures).toStrictEqual([]);
});

it('does nothing for an empty project', async () => {
  const outcome = await cascadeDelete([], () => Promise.reject(new Error('must not be called')));
  expect(outcome).toStrictEqual({ deleted: [], failures: [] });
});
