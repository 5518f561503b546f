// `node scripts/ci-summary.mjs FAILED_STEPS REPORT.json …`: prints "N passed, N failed" from vitest's JSON
// reports. A skipped or pending test, a file that could not run, a run without tests and a failed step each
// count as failed.
import { readFileSync } from 'node:fs';

/** @returns {{passed: number, failed: string[]}} */
function summarize(report) {
  const failed = [];
  let passed = 0;
  for (const file of report.testResults) {
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status === 'passed')) {
      failed.push(`${file.name}: ${file.message || 'could not run'}`);
    }
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else failed.push(`${file.name}: ${test.fullName} (${test.status})`);
    }
  }
  if (failed.length === 0 && report.success !== true) failed.push('the run failed outside of its tests');
  return { passed, failed };
}

/** A run that left no report, or in which nothing passed, is a failed one. */
function summaryOf(reportFile) {
  try {
    const summary = summarize(JSON.parse(readFileSync(reportFile, 'utf8')));
    const ranNothing = summary.passed === 0 && summary.failed.length === 0;
    return ranNothing ? { passed: 0, failed: [`${reportFile}: no test ran`] } : summary;
  } catch (error) {
    return { passed: 0, failed: [`no test report: ${error.message}`] };
  }
}

const [failedSteps = '0', ...reportFiles] = process.argv.slice(2);
const summaries = reportFiles.map(summaryOf);
const failures = summaries.flatMap(({ failed }) => failed);
for (const line of failures) console.log(`FAILED ${line}`);
const passed = summaries.reduce((sum, summary) => sum + summary.passed, 0);
const failed = failures.length + Number(failedSteps);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
