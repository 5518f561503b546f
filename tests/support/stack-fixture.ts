import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack, type StackOptions } from '../../scripts/stack/stack.ts';
import { stopMachines } from '../../scripts/stack/stop-machines.ts';

/** A whole stack on a folder of its own; `release` stops it and leaves nothing behind. */
export async function temporaryStack(
  options: Omit<StackOptions, 'dataDir'> = {},
): Promise<{ stack: Stack; release: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'control-plane-'));
  const stack = await startStack({ dataDir, ...options });
  return {
    stack,
    async release() {
      await stack.stop();
      if (options.onExit === 'keep') await stopMachines(stack.data.hostFolder);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
