import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Takes the data directory for this process alone; gives the function that lets it go. The kernel lets go
 * when the process ends in whatever way. Undefined: another daemon has it.
 */
export function lockDataDirectory(dataDir: string): (() => void) | undefined {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = path.join(dataDir, 'daemon.lock');
  const database = new DatabaseSync(file);
  chmodSync(file, 0o600);
  try {
    database.exec('begin exclusive');
  } catch {
    database.close();
    return undefined;
  }
  return () => database.close();
}
