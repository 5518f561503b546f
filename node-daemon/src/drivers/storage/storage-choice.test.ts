import { describe, expect, it } from 'vitest';
import { parseStorageChoice, storageChoiceOf } from './storage-choice.ts';

describe('the choice of a storage', () => {
  it.each(['auto', 'btrfs', 'directory'])('%s', (kind) => expect(parseStorageChoice(kind)).toEqual({ kind }));

  it('a pool, or a data set in one', () => {
    expect(parseStorageChoice('zfs:tank')).toEqual({ kind: 'zfs', pool: 'tank' });
    expect(parseStorageChoice('zfs:tank/a-b/c.1')).toEqual({ kind: 'zfs', pool: 'tank/a-b/c.1' });
  });

  it.each([
    '',
    'zfs',
    'zfs:',
    'zfs:/tank',
    'zfs:tank/',
    'zfs:tank//a',
    'zfs:tank@s',
    'zfs:-o',
    'zfs:a/../b',
    'ext4',
  ])('%j is none', (text) => expect(parseStorageChoice(text)).toBeUndefined());

  it('is bounded, so that what is made below it still has a name', () => {
    expect(parseStorageChoice(`zfs:${'p'.repeat(64)}`)).toBeDefined();
    expect(parseStorageChoice(`zfs:${'p'.repeat(65)}`)).toBeUndefined();
  });

  it('comes from the environment, where nonsense is not passed over', () => {
    expect(storageChoiceOf({})).toEqual({ kind: 'auto' });
    expect(storageChoiceOf({ NODE_DAEMON_STORAGE: 'zfs:one' })).toEqual({ kind: 'zfs', pool: 'one' });
    expect(() => storageChoiceOf({ NODE_DAEMON_STORAGE: 'tape' })).toThrow('zfs:POOL');
  });
});
