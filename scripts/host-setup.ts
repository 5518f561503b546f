/** `npm run host:setup`: what this machine lacks for the stronger driver sets, and with `--yes` adds it. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missingHostPackages } from './stack/host-packages.ts';
import { installHostPackages } from './stack/install-host-packages.ts';

const HELP = `Usage: npm run host:setup -- [--yes]

Without --yes nothing is changed: it prints what is missing and what it would do.
With --yes, as root on a Debian-like system, it installs the packages with apt-get.
`;

function main(): number {
  const { values } = parseArgs({
    options: { yes: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const missing = missingHostPackages();
  if (missing.length === 0) {
    process.stdout.write('Nothing is missing: every tool of the stronger driver sets is installed.\n');
    return 0;
  }
  process.stdout.write('Missing on this machine:\n');
  for (const { name, command, gain } of missing) process.stdout.write(`  ${name} (${command}): ${gain}\n`);
  const names = missing.map(({ name }) => name);
  const isRoot = process.getuid?.() === 0;
  const hasApt = existsSync('/usr/bin/apt-get');
  if (!values.yes) {
    process.stdout.write(
      `\n"npm run host:setup -- --yes" as root would run:\n  apt-get install -y --no-install-recommends ${names.join(' ')}\n`,
    );
    return 0;
  }
  if (!isRoot || !hasApt) {
    const reason = isRoot ? 'this system has no apt-get' : 'this needs root';
    process.stderr.write(`\nNothing was installed: ${reason}. Install these by your system's own means.\n`);
    return 1;
  }
  const isDone = installHostPackages(names);
  if (!isDone) process.stderr.write('apt-get failed; its output is above.\n');
  return isDone ? 0 : 1;
}

process.exitCode = main();
