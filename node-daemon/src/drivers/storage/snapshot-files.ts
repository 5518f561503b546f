import { SnapshotFacts } from '@control-plane/contract/link';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

const factsFile = 'snapshot.json';

/** Names come from the control plane; one that is no plain file name is stored under its hash. */
export function snapshotKey(name: string): string {
  const plain = /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name) && name.length <= 100;
  return plain ? name : `=${createHash('sha256').update(name).digest('hex')}`;
}

/** What is recorded of the snapshot in a directory; undefined: it is not there, or not complete. */
export function readFacts(directory: string): SnapshotFacts | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path.join(directory, factsFile), 'utf8'));
    return SnapshotFacts().safeParse(content).data;
  } catch {
    return undefined;
  }
}

/** Records it, on the disk when this returns. */
export function writeFacts(directory: string, facts: SnapshotFacts): void {
  writeFileSync(path.join(directory, factsFile), JSON.stringify(facts), { flush: true });
}

/** All complete snapshots below a machine's directory, the oldest first. */
export function listFacts(directory: string): SnapshotFacts[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => !name.includes('.'));
  return names
    .map((name) => readFacts(path.join(directory, name)))
    .filter((facts) => facts !== undefined)
    .toSorted((left, right) => left.created_at.localeCompare(right.created_at));
}

/** Returns once the names in a directory are on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
