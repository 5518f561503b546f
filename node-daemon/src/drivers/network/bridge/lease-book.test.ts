import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaseBook } from './lease-book.ts';

const [one, two] = ['a'.repeat(24), 'b'.repeat(24)];
const pool = { first: 10 * 2 ** 24, prefix: 29 };

describe('leases', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'leases-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('last until they are released, over a restart too, and are never given twice', () => {
    const book = new LeaseBook(directory);
    expect(book.lease(one, pool)).toBe('10.0.0.2');
    expect(book.lease(two, pool)).toBe('10.0.0.3');
    const again = new LeaseBook(directory);
    expect(again.lease(two, pool)).toBe('10.0.0.3');
    again.release(one);
    expect(again.list()).toEqual([two]);
    expect(again.lease('c'.repeat(24), pool)).toBe('10.0.0.2');
  });

  it('end when the pool is used up', () => {
    const book = new LeaseBook(directory);
    for (let index = 0; index < 5; index += 1) expect(book.lease(`${index}`.repeat(24), pool)).toBeDefined();
    expect(book.lease(one, pool)).toBeUndefined();
  });

  it('a damaged file is no lease, and the pool that was chosen once stays', () => {
    const book = new LeaseBook(directory);
    book.lease(one, pool);
    expect(book.pool(() => pool)).toEqual(pool);
    writeFileSync(path.join(directory, 'leases', one), '{"address":');
    const again = new LeaseBook(directory);
    expect(again.list()).toEqual([]);
    expect(again.pool(() => undefined)).toEqual(pool);
  });
});
