import { describeError, done, fail, type Outcome } from '../../outcome.ts';

/** The error of a host whose disk has no room for what was asked. */
export function fullDisk(): Error {
  return new Error('ENOSPC: not enough free space');
}

/** Runs what may throw a system's or a command's error; `message` is for the client, a full disk is named. */
export async function attempt(message: string, action: () => Promise<void>): Promise<Outcome<undefined>> {
  try {
    await action();
    return done;
  } catch (error) {
    return storageFailure(error, message);
  }
}

/** The failure for what a file system or its command said. */
export function storageFailure(error: unknown, message: string): ReturnType<typeof fail> {
  const text = describeError(error);
  const full = /ENOSPC|No space left|EDQUOT|[Dd]isk quota|out of space|insufficient space/.test(text);
  return full ? fail('CAPACITY_EXCEEDED', 'The host’s disk is full.') : fail('DRIVER_FAILED', message);
}
