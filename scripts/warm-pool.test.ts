import { createClient } from '@libsql/client';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'warm-pool-'));
const url = `file:${join(folder, 'database.sqlite')}`;

beforeAll(async () => {
  const client = createClient({ url });
  const migrations = join(REPOSITORY_ROOT, 'migrations');
  for (const file of readdirSync(migrations).toSorted()) {
    if (file.endsWith('.sql')) await client.executeMultiple(readFileSync(join(migrations, file), 'utf8'));
  }
  await client.execute({
    sql: "INSERT INTO servers (id, name, category, is_ready, created_at, updated_at) VALUES (?, 'node-1', 'general', 0, 1, 1)",
    args: ['a'.repeat(24)],
  });
  client.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function warmPool(...given: string[]): Promise<{ code: number; text: string }> {
  const script = join(REPOSITORY_ROOT, 'scripts/warm-pool.ts');
  const env = { ...process.env, DATABASE_URL: url };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...given], { env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, text: stdout + stderr });
    });
  });
}

it('sets and lists what a server holds ready, and names what is wrong', async () => {
  const set = await warmPool('set', 'node-1', 'debian/13', '3', '--ramdisk');
  expect(set).toEqual({ code: 0, text: 'node-1 shall hold 3 of debian/13 ready.\n' });
  expect(await warmPool('list')).toEqual({ code: 0, text: 'node-1  debian/13  ramdisk  3\n' });
  expect(await warmPool('set', 'node-9', 'debian/13', '1')).toMatchObject({ code: 2 });
  expect(await warmPool('set', 'node-1', 'debian/13', '501')).toMatchObject({ code: 2 });
  expect(await warmPool('set', 'node-1')).toMatchObject({ code: 2 });
}, 240_000);
