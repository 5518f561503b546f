import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { identityLine, isAlive, readIdentity } from './process-identity.ts';

/** Where a stack keeps what must survive it. Secrets are in files of mode 0600, the folder itself is 0700. */
export interface DataDirectory {
  readonly path: string;
  readonly databaseFile: string;
  readonly objectsFolder: string;
  readonly hostFolder: string;
  readonly secretsFile: string;
  readonly bootstrapFile: string;
  readonly mailOutboxFile: string;
  readonly logsFolder: string;
  /** Names the daemon's process, so that a start after a crash finds it. */
  readonly daemonPidFile: string;
  /** Gives the folder free for another stack. */
  release(): void;
}

/** Another living stack uses the folder. */
export class DataDirectoryBusyError extends Error {
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`a stack is running on ${path} (process ${pid}); stop it first`);
    this.pid = pid;
  }
}

/** The living process that holds the lock; null: nobody does. */
export function lockHolder(path: string): number | null {
  const holder = readIdentity(join(path, 'stack.lock'));
  return holder !== null && isAlive(holder) ? holder.pid : null;
}

function takeLock(path: string): void {
  const file = join(path, 'stack.lock');
  const content = identityLine(process.pid);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = lockHolder(path);
    if (holder !== null) throw new DataDirectoryBusyError(path, holder);
    rmSync(file, { force: true });
  }
  throw new Error(`the lock ${file} can't be taken`);
}

/**
 * Makes the folder if needed and takes it for this process.
 *
 * @throws DataDirectoryBusyError when another stack runs on it
 */
export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  takeLock(path);
  const logsFolder = join(path, 'logs');
  mkdirSync(logsFolder, { recursive: true, mode: 0o700 });
  return {
    path,
    databaseFile: join(path, 'database.sqlite'),
    objectsFolder: join(path, 'objects'),
    hostFolder: join(path, 'host'),
    secretsFile: join(path, 'secrets.json'),
    bootstrapFile: join(path, 'bootstrap.json'),
    mailOutboxFile: join(path, 'mail.jsonl'),
    logsFolder,
    daemonPidFile: join(path, 'daemon.pid'),
    release: () => rmSync(join(path, 'stack.lock'), { force: true }),
  };
}

/** Writes a file of mode 0600 whole or not at all. */
export function writePrivateFile(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}
