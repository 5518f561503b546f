/**
 * `npm run test:zfs`: the daemon's drivers on real OpenZFS, with LXC, CRIU and pure version 2 control groups, inside
 * a virtual machine of the project's own. As root on Debian it builds that machine where it is not there yet, which
 * takes about ten minutes; see docs/testing-on-hosts.md. `--prepare` does no more than that; other arguments are vitest's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveUp, prepareImage, prepareMachine } from './host/lab.ts';
import { IMAGES, PACKED_DAEMON, writeCheckoutDisk } from './host/vm/checkout-disk.ts';
import { Guest, type GuestOptions, type GuestParts } from './host/vm/guest.ts';
import { mergeReports } from './host/vm/merge-reports.ts';
import { onStopRequest } from './stack/stop-request.ts';

const suite = 'The ZFS suite';
const poolBytes = 6 * 1024 ** 3;
/** More don't help: the emulated machine has two things to do at a time at most. */
const cpusMax = 2;
/** The guest can't reach a mirror: what it has of Debian is built outside. */
const debianImage = 'debian/13';
/** Built again for each run, in the guest, so that its recipe is tested too. */
const buildImages = `node ${PACKED_DAEMON} image build busybox`;

/** Ends what runs, and takes away what it left; set as the run goes on. */
let cleanUp: () => Promise<void> = async () => undefined;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What the emulator needs, built where it is not there yet. */
async function buildParts(): Promise<GuestParts> {
  const script = join(import.meta.dirname, 'host/vm/build.sh');
  // Kept out of the terminal's process group: ctrl-C comes to us, and we end it as a whole.
  const child = spawn(script, [], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const closed = once(child, 'close');
  cleanUp = async () => {
    // The shell in there is the first process of its namespace: all others go with it.
    child.kill('SIGKILL');
    await closed;
  };
  await closed;
  const [emulator, image] = text.trim().split('\n').at(-1)?.split(' ') ?? [];
  if (child.exitCode !== 0 || emulator === undefined || image === undefined) {
    giveUp(suite, 'its virtual machine could not be built.');
  }
  return { emulator, image };
}

function makePool(file: string): void {
  writeFileSync(file, '');
  truncateSync(file, poolBytes);
}

/** Quotes a word for the guest's shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const reportOption = '--outputFile.json=';

function testScript(words: readonly string[]): string {
  return [
    'set -e',
    'cd /checkout',
    'export PATH=/checkout:$PATH NODE_COMPILE_CACHE=/checkout/compile-cache',
    `export NODE_DAEMON_MAIN=/checkout/${PACKED_DAEMON}`,
    'export CI=true TEST_PATIENCE=10 NODE_DAEMON_STORAGE=zfs:one',
    `export NODE_DAEMON_IMAGES_DIR=/checkout/${IMAGES}`,
    buildImages,
    `exec scripts/host/vm/guest-tests.sh ${words.map(quote).join(' ')}`,
  ].join('\n');
}

/** The emulator loses a processor's timer in one of many boots: nothing moves any more then. */
async function boot(options: GuestOptions, attemptsLeft = 2): Promise<Guest> {
  try {
    return await Guest.boot(options, (booting) => {
      cleanUp = async () => {
        await booting.stop();
        rmSync(options.runDirectory, { recursive: true, force: true });
      };
    });
  } catch (error) {
    if (attemptsLeft === 0) throw error;
    say(`${error instanceof Error ? error.message : String(error)}\nIt is booted once more.`);
    return boot(options, attemptsLeft - 1);
  }
}

/** Brings the reports of the tests out of the guest, to where one was asked for; without one of them there is none. */
async function fetchReport(guest: Guest, words: readonly string[]): Promise<void> {
  const file = words.find((word) => word.startsWith(reportOption))?.slice(reportOption.length);
  if (file === undefined) return;
  const reports: string[] = [];
  for (const lane of ['machines', 'storage']) {
    let text = '';
    const status = await guest.run(`cat /tmp/report-${lane}.json`, (chunk) => (text += chunk));
    if (status !== 0) return;
    reports.push(text);
  }
  writeFileSync(file, mergeReports(reports));
}

async function run(): Promise<number> {
  prepareMachine(suite, existsSync('/sbin/mke2fs') || existsSync('/usr/sbin/mke2fs') ? [] : ['e2fsprogs']);
  if (arch() !== 'x64') giveUp(suite, `its virtual machine is of x86-64, this machine is ${arch()}.`);
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) giveUp(suite, 'it needs to mount.');
  const parts = await buildParts();
  const image = await prepareImage(debianImage);
  const words = process.argv.slice(2);
  if (words.includes('--prepare')) return 0;
  const runDirectory = mkdtempSync(join(tmpdir(), 'zfs-tests-'));
  cleanUp = async () => rmSync(runDirectory, { recursive: true, force: true });
  await writeCheckoutDisk(join(runDirectory, 'checkout.img'), [image]);
  for (const pool of ['one', 'two']) makePool(join(runDirectory, `${pool}.img`));
  const startedAt = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  const count = Math.min(cpusMax, cpus().length);
  const guest = await boot({ ...parts, runDirectory, cpus: count });
  say(`The virtual machine is up after ${seconds()}.`);
  let status = 1;
  try {
    status = await guest.run(testScript(words), (text) => process.stdout.write(text));
    await fetchReport(guest, words);
  } finally {
    if (status !== 0)
      say(`What its kernel said last:\n${guest.readConsole().split('\n').slice(-5).join('\n')}`);
  }
  say(`Done after ${seconds()}.`);
  return status;
}

onStopRequest(async () => {
  await cleanUp();
  process.exit(130);
});
let status = 1;
try {
  status = await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
await cleanUp();
process.exit(status);
