/**
 * `npm run test:host`: the suite of tests/host on a real host: LXC, nftables and what storage and checkpoints
 * need, inside namespaces of its own. As root on Debian it installs what is missing; what takes long to make
 * (images, CRIU) is kept under ${XDG_CACHE_HOME:-~/.cache}/container-control-plane. Arguments are vitest's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildImage } from '@control-plane/node-daemon/image-builder';
import { ImageStore } from '@control-plane/node-daemon/image-store';
import { missingHostPackages } from './stack/host-packages.ts';
import { installHostPackages } from './stack/install-host-packages.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';
import { onStopRequest } from './stack/stop-request.ts';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'container-control-plane');
const KEPT_IMAGES = ['debian/13'];

/** Ends the run: this machine can't do it. In CI that is a failure, a developer is only told. */
function giveUp(reason: string): never {
  process.stderr.write(`The host suite was not run: ${reason}\n`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}

function prepareMachine(): void {
  if (process.platform !== 'linux') giveUp('it needs Linux.');
  if (process.getuid?.() !== 0) giveUp('it needs root, for containers, networks and mounts.');
  const missing = missingHostPackages();
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  if (!existsSync('/usr/bin/apt-get')) giveUp(`missing: ${names.join(', ')}, and there is no apt-get.`);
  process.stdout.write(`Installing ${names.join(' ')} …\n`);
  if (!installHostPackages(names)) giveUp(`apt-get could not install ${names.join(' ')}.`);
}

/** CRIU beside the system; undefined when it can't be had, which the tests that need it will say. */
function prepareCriu(): string | undefined {
  const { status, stdout } = spawnSync(join(REPOSITORY_ROOT, 'scripts/host/get-criu.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? join(stdout.trim().split('\n').at(-1) ?? '', 'bin') : undefined;
}

/** Long ones are built once per machine, the small one each time, so that its recipe is tested too. */
async function prepareImages(store: ImageStore): Promise<void> {
  await buildImage(store, 'busybox');
  const known = store.list().map((image) => image.name);
  for (const name of KEPT_IMAGES.filter((each) => !known.includes(each))) {
    process.stdout.write(`Building the image ${name}, about a minute …\n`);
    await buildImage(store, name);
  }
}

prepareMachine();
const images = new ImageStore(join(cache, 'images'));
await prepareImages(images);
const criu = prepareCriu();
// Machines must be able to pass through the parents of their data; what is in it is the tests' own to guard.
const folder = mkdtempSync(join(tmpdir(), 'host-tests-'));
mkdirSync(join(folder, 'tmp'), { mode: 0o711 });
spawnSync('chmod', ['711', folder]);
const vitest = join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs');
const command = [
  process.execPath,
  vitest,
  'run',
  '--config',
  join(REPOSITORY_ROOT, 'tests/host/vitest.config.ts'),
  ...process.argv.slice(2),
];
const child = spawn(join(REPOSITORY_ROOT, 'scripts/host/in-lab.sh'), command, {
  cwd: REPOSITORY_ROOT,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: [...(criu === undefined ? [] : [criu]), process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(
      delimiter,
    ),
    NODE_DAEMON_IMAGES_DIR: images.directory,
    TMPDIR: join(folder, 'tmp'),
    WRANGLER_SEND_METRICS: 'false',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  },
});
onStopRequest(async () => void child.kill('SIGTERM'));
child.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});
