/** Where machines' disks are to be kept. `auto`: where they are already, else the best that needs no set-up. */
export type StorageChoice =
  | { readonly kind: 'auto' | 'btrfs' | 'directory' }
  | {
      readonly kind: 'zfs';
      /** A pool, or a data set in one, below which the daemon makes a data set of its own. */
      readonly pool: string;
    };

/** What {@link parseStorageChoice} takes, for messages. */
export const storageChoiceForms = 'auto | btrfs | directory | zfs:POOL[/DATASET]';

/** ZFS bounds a whole name to 255 bytes; the daemon's own components take the rest. */
const poolLengthMax = 64;
const datasetPattern = /^[A-Za-z][A-Za-z0-9_.:-]*(?:\/[A-Za-z0-9_.:-]+)*$/;

/** Parses a choice as the command line has it; undefined: it is none. */
export function parseStorageChoice(text: string): StorageChoice | undefined {
  if (text === 'auto' || text === 'btrfs' || text === 'directory') return { kind: text };
  const pool = /^zfs:(.+)$/.exec(text)?.[1];
  if (pool === undefined || pool.length > poolLengthMax || !datasetPattern.test(pool)) return undefined;
  return pool.split('/').some((component) => component === '.' || component === '..')
    ? undefined
    : { kind: 'zfs', pool };
}

/** The choice in NODE_DAEMON_STORAGE; `auto` where there is none. Throws when it can't be understood. */
export function storageChoiceOf(environment: Readonly<Record<string, string | undefined>>): StorageChoice {
  const text = environment['NODE_DAEMON_STORAGE'];
  const choice = parseStorageChoice(text === undefined || text === '' ? 'auto' : text);
  if (choice === undefined) throw new Error(`NODE_DAEMON_STORAGE is not one of ${storageChoiceForms}.`);
  return choice;
}
