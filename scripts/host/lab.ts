/**
 * What `npm run test:host`, `npm run test:zfs` and `npm run bench:host` need of this machine, and the way into the lab: a host of
 * its own (see in-lab.sh) with images and CRIU, which are made once and kept under
 * ${XDG_CACHE_HOME:-~/.cache}/container-control-plane.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { buildImage } from '@control-plane/node-daemon/image-builder';
import { ImageStore } from '@control-plane/node-daemon/image-store';
import { missingHostPackages } from '../stack/host-packages.ts';
import { installHostPackages } from '../stack/install-host-packages.ts';
import { REPOSITORY_ROOT } from '../stack/repository-root.ts';
import { onStopRequest } from '../stack/stop-request.ts';
import { holdLock } from './hold-lock.ts';

/** What is made once per machine is kept here. */
export const cache = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'container-control-plane',
);

/** Recipes that are tested with what they made; built once per machine. */
const KEPT_IMAGES = ['debian/12', 'debian/13'];

/** Ends the run: this machine can't do it. In CI that is a failure, a developer is only told. */
export function giveUp(what: string, reason: string): never {
  process.stderr.write(`${what} was not run: ${reason}\n`);
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}

/** Installs what is missing; ends the run where that can't be. `more` is wanted beside the daemon's own packages. */
export function prepareMachine(what: string, more: readonly string[] = []): void {
  if (process.platform !== 'linux') giveUp(what, 'it needs Linux.');
  if (process.getuid?.() !== 0) giveUp(what, 'it needs root, for containers, networks and mounts.');
  const names = [...missingHostPackages().map(({ name }) => name), ...more];
  if (names.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) giveUp(what, `missing: ${names.join(', ')}, and there is no apt-get.`);
  process.stdout.write(`Installing ${names.join(' ')} …\n`);
  if (!installHostPackages(names)) giveUp(what, `apt-get could not install ${names.join(' ')}.`);
}

/** CRIU beside the system; undefined when it can't be had, which the tests that need it will say. */
function prepareCriu(): string | undefined {
  const { status, stdout } = spawnSync(join(REPOSITORY_ROOT, 'scripts/host/get-criu.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? join(stdout.trim().split('\n').at(-1) ?? '', 'bin') : undefined;
}

/** What images are made by; another one of these makes them anew. */
const RECIPES = [
  'node-daemon/src/drivers/images/build-busybox.ts',
  'node-daemon/src/drivers/images/build-debian.ts',
  'node-daemon/src/drivers/images/image-builder.ts',
  'node-daemon/src/drivers/images/prepare-checkpointable.ts',
  'tests/host/workloads/build-workload-image.ts',
];

function recipeKey(): string {
  const hash = createHash('sha256');
  for (const file of RECIPES) hash.update(readFileSync(join(REPOSITORY_ROOT, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Images by their names, each with what builds it into the store. */
type KeptImages = Readonly<Record<string, (store: ImageStore) => Promise<unknown>>>;

/** Images that the daemon has a recipe for. */
function recipesOf(names: readonly string[]): KeptImages {
  return Object.fromEntries(names.map((name) => [name, (store) => buildImage(store, name)]));
}

/** Builds images that are not there yet. */
async function buildMissing(store: ImageStore, kept: KeptImages): Promise<void> {
  const known = store.list().map((image) => image.name);
  for (const [name, build] of Object.entries(kept)) {
    if (known.includes(name)) continue;
    process.stdout.write(`Building the image ${name}, some minutes …\n`);
    await build(store);
  }
}

/** What a run in the lab needs beside this machine. */
type LabParts = {
  readonly images: ImageStore;
  /** Environment variables that tell where the other parts are. */
  readonly variables: Readonly<Record<string, string>>;
  readonly criu: string | undefined;
};

/** Makes further parts out of the images; gives environment variables that tell where they are. */
type PrepareMore = (images: ImageStore) => Record<string, string>;

/** Gives what `action` makes of the images that are kept; another process that is about them is waited for. */
async function withImages<T>(action: (images: ImageStore) => Promise<T>): Promise<T> {
  const release = await holdLock(join(cache, 'lab.lock'));
  try {
    return await action(new ImageStore(join(cache, `images-${recipeKey()}`)));
  } finally {
    await release();
  }
}

/** Gives the directory of an image as an image store has it, built where it is not there yet. */
export function prepareImage(name: string): Promise<string> {
  return withImages(async (images) => {
    await buildMissing(images, recipesOf([name]));
    const root = images.rootOf(name);
    if (root === undefined) throw new Error(`The image ${name} is not whole.`);
    return dirname(root);
  });
}

/**
 * Makes what a run needs, where it is not there yet; another process that is about it is waited for.
 * {@link prepareMachine} comes first. `more`: images beside the usual ones; inside the lab there is no way to a mirror.
 */
export async function prepareLab(
  more: KeptImages = {},
  prepare: PrepareMore = () => ({}),
): Promise<LabParts> {
  return withImages(async (images) => {
    // Built each time, so that its recipe is tested too; the others take minutes.
    await buildImage(images, 'busybox');
    await buildMissing(images, { ...more, ...recipesOf(KEPT_IMAGES) });
    return { images, variables: prepare(images), criu: prepareCriu() };
  });
}

/** Runs `command` in the lab, with all of {@link prepareLab}, and ends this process with its exit code. */
export async function runInLab(
  command: readonly string[],
  more?: KeptImages,
  prepare?: PrepareMore,
): Promise<void> {
  const { images, variables, criu } = await prepareLab(more, prepare);
  // Machines must be able to pass through the parents of their data; what is in it is the tests' own to guard.
  const folder = mkdtempSync(join(tmpdir(), 'host-tests-'));
  mkdirSync(join(folder, 'tmp'), { mode: 0o711 });
  spawnSync('chmod', ['711', folder]);
  const child = spawn(join(REPOSITORY_ROOT, 'scripts/host/in-lab.sh'), [...command], {
    cwd: REPOSITORY_ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...variables,
      PATH: [...(criu === undefined ? [] : [criu]), process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(
        delimiter,
      ),
      NODE_DAEMON_IMAGES_DIR: images.directory,
      TMPDIR: join(folder, 'tmp'),
      WRANGLER_SEND_METRICS: 'false',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    },
  });
  // Its programs ignore anything milder; with it ends every process in the lab.
  onStopRequest(async () => void child.kill('SIGKILL'));
  child.on('exit', (code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}
