import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';

describe('the journal', () => {
  let folder: string;
  let journal: Journal;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
    journal = new Journal(folder);
  });
  afterEach(() => {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const synchronous = (): unknown => journal.database.prepare('pragma synchronous').get()?.['synchronous'];
  const [normal, full] = [1, 2];

  it('waits for the disk unless it is told that what it records may come with the next', () => {
    expect(synchronous()).toBe(full);
    journal.transaction(() => expect(synchronous()).toBe(full));
    journal.transaction(() => expect(synchronous()).toBe(normal), 'soon');
    expect(synchronous()).toBe(full);
  });

  it.each(['now', 'soon'] as const)('records all of a transaction or nothing, %s', (durability) => {
    journal.transaction(() => journal.writeMeta('kept', 'yes'), durability);
    const failing = (): void =>
      journal.transaction(() => {
        journal.writeMeta('kept', 'no');
        throw new Error('in the middle');
      }, durability);
    expect(failing).toThrow('in the middle');
    expect(journal.readMeta('kept')).toBe('yes');
    expect(synchronous()).toBe(full);
  });
});
