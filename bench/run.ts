/** `npm run bench`: measures what is promised, ratios within this one run, and writes bench/results.md. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release as kernelRelease, tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../scripts/stack/repository-root.ts';
import { startStack } from '../scripts/stack/stack.ts';
import { measureAuthentication } from './authentication.ts';
import { measureMemory, measureOperations, measureReads } from './container-operations.ts';
import { measureTransfer, withMoneyStack } from './money.ts';
import { measureStartUp } from './start-up.ts';
import type { Finding } from './statistics.ts';
import { measureWebhook } from './webhooks.ts';

const findings: Finding[] = [];
function report(found: readonly Finding[]): void {
  for (const finding of found) {
    findings.push(finding);
    process.stdout.write(
      `${finding.isMet ? 'ok  ' : 'MISS'} ${finding.what}: ${finding.measured} (${finding.target})\n`,
    );
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'bench-'));
report(await measureStartUp());
const stack = await startStack({ dataDir });
try {
  report(measureMemory(stack));
  report(await measureReads(stack));
  report(await measureAuthentication(stack));
  report(await measureOperations(stack));
} finally {
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
report(await withMoneyStack(measureTransfer));
report(await withMoneyStack(measureWebhook));

const rows = findings.map(
  ({ what, measured, target, isMet }) =>
    `| ${what} | ${measured} | ${target} | ${isMet ? 'met' : '**missed**'} |`,
);
const file = join(REPOSITORY_ROOT, 'bench/results.md');
// What `npm run bench:host` wrote stays.
const others = existsSync(file) ? readFileSync(file, 'utf8').indexOf('# Beside LXD\n') : -1;
writeFileSync(
  file,
  `# Measured

\`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Linux ${kernelRelease()},
Node ${process.versions.node}, drivers as \`--driver auto\` chooses them. Medians; each ratio and difference is within one run,
layers and yardstick taking turns.

| what | measured | target | |
| --- | --- | --- | --- |
${rows.join('\n')}
${others === -1 ? '' : `\n${readFileSync(file, 'utf8').slice(others)}`}`,
);
if (findings.some(({ isMet }) => !isMet)) process.exitCode = 1;
