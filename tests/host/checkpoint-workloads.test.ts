import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../../node-daemon/src/testing/daemon-process.ts';
import { TestHost } from '../../node-daemon/src/testing/test-host.ts';
import { patience } from '../../node-daemon/src/testing/wait-for.ts';
import { readOutcomeTable, renderOutcomeTable, writeOutcomeTable } from './workloads/outcome-table.ts';
import { WorkloadRun, type WorkloadResult } from './workloads/workload-run.ts';
import { workloads } from './workloads/workloads.ts';

/** `UPDATE_TABLE=1 npm run test:host -- tests/host/checkpoint-workloads.test.ts` writes the table anew. */
const updates = process.env['UPDATE_TABLE'] === '1';

describe('every kind of work is held with its memory, or refused by name before anything is frozen', () => {
  const host = new TestHost();
  const results = new Map<string, WorkloadResult>();
  let daemon: DaemonProcess;

  beforeAll(async () => {
    await host.control.listen();
    daemon = await host.startDaemon();
  });
  afterAll(() => host.close());

  it.each(workloads.map((workload) => [workload.name, workload] as const))(
    '%s',
    async (name, workload) => {
      const result = await new WorkloadRun(host.control, daemon, workload).run();
      results.set(name, result);
      if (workload.refusal === undefined) expect(result).toEqual({ outcome: 'restored' });
      else expect(result).toMatchObject({ reason: expect.stringMatching(workload.refusal) });
    },
    180_000 * patience,
  );

  it('the table in docs/checkpointing.md says what was found', ({ skip }) => {
    // A run of some of them only has not seen all that the table tells.
    if (results.size < workloads.length) skip();
    const table = renderOutcomeTable(workloads, results);
    if (updates) writeOutcomeTable(table);
    expect(readOutcomeTable()).toBe(table);
  });
});
