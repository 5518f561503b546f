import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runBriefly } from '../../../command-shell/run-briefly.ts';
import { writeFileDurably } from '../../../durable-file.ts';
import { done, fail, type Outcome } from '../../../outcome.ts';
import {
  changedSettings,
  findLocks,
  HeldNetwork,
  networkScript,
  parseNetwork,
  type NetworkView,
} from './network-view.ts';

const timeoutMs = 30_000;

/** Writes values to settings; each line of the input is a path, a blank and the value. */
const settingsScript = `failed=0
while read -r name value; do
  printf '%s\\n' "$value" >"$name" || { echo "$name"; failed=1; }
done 2>/dev/null
exit $failed`;

/** Reads the network of a running or frozen machine. Rejects when the machine is gone or a tool is missing. */
export async function readNetwork(initPid: number): Promise<NetworkView> {
  return parseNetwork(await runInside(initPid, ['sh', '-c', networkScript]));
}

/** Keeps, beside the memory in `directory`, what a restore has to put back. */
export function holdNetwork(directory: string, { firewall, settings }: NetworkView): void {
  writeFileDurably(fileIn(directory), JSON.stringify({ firewall, settings } satisfies HeldNetwork));
}

/** Puts firewall and settings back into a machine that was connected anew and in which nothing runs yet. */
export async function putNetworkBack(directory: string, initPid: number): Promise<Outcome<undefined>> {
  // Dumped by a daemon that held nothing of it.
  if (!existsSync(fileIn(directory))) return done;
  try {
    const held = HeldNetwork.parse(JSON.parse(readFileSync(fileIn(directory), 'utf8')));
    const fresh = await readNetwork(initPid);
    const lines = changedSettings(held.settings, fresh.settings).map(([name, value]) => `${name} ${value}\n`);
    if (lines.length > 0) await runInside(initPid, ['sh', '-c', settingsScript], lines.join(''));
    if (held.firewall !== '') await runInside(initPid, ['nft', '-f', '-'], `${held.firewall}\n`);
    return done;
  } catch {
    return fail('DRIVER_FAILED', 'The machine’s firewall and network settings could not be put back.');
  }
}

/** Takes away the locks of a CRIU that was killed: nothing comes in or goes out with them. */
export async function unlockNetwork(initPid: number): Promise<void> {
  const tables = await runInside(initPid, ['nft', 'list', 'tables']);
  for (const lock of findLocks(tables)) await runInside(initPid, ['nft', 'delete', ...lock]);
}

function fileIn(directory: string): string {
  return path.join(directory, 'network.json');
}

/** With the host's own programs: what the machine has under their names is not trusted. */
function runInside(initPid: number, argv: readonly string[], input = ''): Promise<string> {
  const place = [`--net=/proc/${initPid}/ns/net`, '--', ...argv];
  return runBriefly({ command: 'nsenter', argv: place, input, timeoutMs });
}
