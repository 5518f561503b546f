import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'summary-'));
afterAll(() => rmSync(folder, { recursive: true }));

function summary(
  report: unknown,
  failedSteps = '0',
): { status: number | null; lastLine: string | undefined } {
  const files = (Array.isArray(report) ? report : [report]).map((each, index) => {
    const file = join(folder, `report-${index}.json`);
    writeFileSync(file, typeof each === 'string' ? each : JSON.stringify(each));
    return file;
  });
  const args = [join(import.meta.dirname, 'ci-summary.mjs'), failedSteps, ...files];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, lastLine: stdout.trim().split('\n').at(-1) };
}
const report = (statuses: string[], more: object = {}): object => ({
  success: true,
  testResults: [
    {
      name: 'a.test.ts',
      status: 'passed',
      message: '',
      assertionResults: statuses.map((status) => ({ status, fullName: 'x' })),
      ...more,
    },
  ],
});

it.each([
  ['all passed', report(['passed', 'passed']), '0', 0, '2 passed, 0 failed'],
  ['a test failed', report(['passed', 'failed']), '0', 1, '1 passed, 1 failed'],
  ['a test was skipped', report(['passed', 'skipped']), '0', 1, '1 passed, 1 failed'],
  ['a test is to do', report(['passed', 'todo']), '0', 1, '1 passed, 1 failed'],
  ['a file could not run', report([], { status: 'failed', message: 'syntax' }), '0', 1, '0 passed, 1 failed'],
  ['another step failed', report(['passed']), '2', 1, '1 passed, 2 failed'],
  [
    'the run failed outside of its tests',
    { ...report(['passed']), success: false },
    '0',
    1,
    '1 passed, 1 failed',
  ],
  ['nothing ran', report([]), '0', 1, '0 passed, 1 failed'],
  ['several runs passed', [report(['passed']), report(['passed'])], '0', 0, '2 passed, 0 failed'],
  ['one of several runs left nothing', [report(['passed']), ''], '0', 1, '1 passed, 1 failed'],
  ['there is no report', '', '0', 1, '0 passed, 1 failed'],
])('counts right when %s', (_, content, failedSteps, status, lastLine) => {
  expect(summary(content, failedSteps)).toEqual({ status, lastLine });
});
