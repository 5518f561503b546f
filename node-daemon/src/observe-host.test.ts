import { HostRuntime } from '@control-plane/contract/link';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { observeHost } from './observe-host.ts';

it('tells what the kernel says of this machine, in the form that the control plane reads', async () => {
  const seen = await observeHost(tmpdir());
  expect(HostRuntime().parse(seen)).toEqual(seen);
  expect(seen.cores).toBeGreaterThan(0);
  expect(seen.memory_total_bytes).toBeGreaterThan(seen.memory_used_bytes ?? Infinity);
  expect(seen.storage_total_bytes).toBeGreaterThan(0);
});

it('leaves out what it can not see', async () => {
  const seen = await observeHost('/nowhere/at/all');
  expect(seen).toMatchObject({ storage_used_bytes: null, storage_total_bytes: null });
});
