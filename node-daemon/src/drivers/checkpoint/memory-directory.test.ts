import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  discardMemory,
  holdInHostMemory,
  isHeldInHostMemory,
  memoryDirectoryOf,
  placeMemory,
} from './memory-directory.ts';

describe('where memory is kept', () => {
  let base = '';
  const at = (name: string): string => path.join(base, name);
  beforeEach(() => {
    base = mkdtempSync(path.join(os.tmpdir(), 'memory-'));
    for (const name of ['volume/memory', 'copy/memory']) mkdirSync(at(name), { recursive: true });
  });
  afterEach(async () => {
    await discardMemory(at('volume'));
    rmSync(base, { recursive: true, force: true });
  });

  it('in the volume, which a copy of it has as well: there is nothing to be placed', async () => {
    writeFileSync(at('copy/memory/facts.json'), '{}');
    expect(await placeMemory(at('volume'), at('copy'))).toMatchObject({ ok: true });
    expect(isHeldInHostMemory(at('volume'))).toBe(false);
  });

  it('a copy without the whole memory is refused, as after the host went down', async () => {
    expect(await placeMemory(at('volume'), at('copy'))).toMatchObject({
      ok: false,
      failure: { code: 'DRIVER_FAILED', message: expect.stringContaining('lost') },
    });
  });

  it('more than the host can spare is not held in its memory', async () => {
    expect(await holdInHostMemory(at('volume'), os.totalmem())).toBe(false);
    expect(isHeldInHostMemory(at('volume'))).toBe(false);
  });

  it('discarding what is not there is a success', async () => {
    expect(await discardMemory(at('volume'))).toMatchObject({ ok: true });
    expect(await discardMemory(at('volume'))).toMatchObject({ ok: true });
    expect(existsSync(memoryDirectoryOf(at('volume')))).toBe(false);
  });
});
