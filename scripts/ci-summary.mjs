// `node scripts/ci-summary.mjs REPORT.json FAILED_STEPS`: prints "N passed, N failed" from vitest's JSON
// report. A skipped or pending test, a file that could not run and a failed step each count as failed.
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

const [reportFile, failedSteps = '0'] = process.argv.slice(2);
let summary;
try {
  summary = summarize(JSON.parse(readFileSync(reportFile, 'utf8')));
} catch (error) {
  summary = { passed: 0, failed: [`no test report: ${error.message}`] };
}
for (const line of summary.failed) console.log(`FAILED ${line}`);
const failed = summary.failed.length + Number(failedSteps);
console.log(`${summary.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && summary.passed > 0 ? 0 : 1;
