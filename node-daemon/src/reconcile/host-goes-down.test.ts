import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostGoesDown } from './host-goes-down.ts';

let folder: string;
let searchPath: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'systemctl-'));
  searchPath = process.env['PATH'];
  process.env['PATH'] = `${folder}:${searchPath}`;
});
afterEach(() => {
  process.env['PATH'] = searchPath;
  rmSync(folder, { recursive: true, force: true });
});
const systemd = (script: string): void =>
  writeFileSync(path.join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

it.each([
  ['echo stopping; exit 1', true],
  ['echo running', false],
  ['echo degraded; exit 1', false],
  ['echo offline; exit 1', false],
  ['echo "Failed to connect to bus" >&2; exit 1', false],
])('a host whose systemd answers “%s” goes down: %s', async (script, expected) => {
  systemd(script);
  expect(await hostGoesDown()).toBe(expected);
});
