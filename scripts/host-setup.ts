/** `npm run host:setup`: what this machine lacks for the stronger driver sets, and with `--yes` adds it. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildImage } from '@control-plane/node-daemon/image-builder';
import { ImageStore, imagesDirectory } from '@control-plane/node-daemon/image-store';
import { missingHostPackages } from './stack/host-packages.ts';
import { installHostPackages } from './stack/install-host-packages.ts';

const HELP = `Usage: npm run host:setup -- [--yes]

Without --yes nothing is changed: it prints what is missing and what it would do.
With --yes, as root on a Debian-like system, it installs the packages with apt-get and builds an image.
`;
const IMAGE = 'debian/13';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { yes: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const missing = missingHostPackages();
  const images = new ImageStore(imagesDirectory(process.env));
  const needsImage = images.list().length === 0;
  if (missing.length === 0 && !needsImage) {
    process.stdout.write('Nothing is missing: every tool of the stronger driver sets is installed.\n');
    return 0;
  }
  process.stdout.write('Missing on this machine:\n');
  for (const { name, command, gain } of missing) process.stdout.write(`  ${name} (${command}): ${gain}\n`);
  if (needsImage) process.stdout.write(`  an image in ${images.directory}: what LXC machines are made of\n`);
  const names = missing.map(({ name }) => name);
  const isRoot = process.getuid?.() === 0;
  const hasApt = existsSync('/usr/bin/apt-get');
  if (!values.yes) {
    process.stdout.write('\n"npm run host:setup -- --yes" as root would run:\n');
    if (names.length > 0) {
      process.stdout.write(`  apt-get install -y --no-install-recommends ${names.join(' ')}\n`);
    }
    if (needsImage) process.stdout.write(`  node-daemon image build ${IMAGE}\n`);
    return 0;
  }
  if (!isRoot || (names.length > 0 && !hasApt)) {
    const reason = isRoot ? 'this system has no apt-get' : 'this needs root';
    process.stderr.write(`\nNothing was installed: ${reason}. Install these by your system's own means.\n`);
    return 1;
  }
  if (names.length > 0 && !installHostPackages(names)) {
    process.stderr.write('apt-get failed; its output is above.\n');
    return 1;
  }
  return needsImage ? buildFirstImage(images) : 0;
}

async function buildFirstImage(images: ImageStore): Promise<number> {
  process.stdout.write(`Building the image ${IMAGE}, about a minute …\n`);
  try {
    await buildImage(images, IMAGE);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
