import type { Readable, Writable } from 'node:stream';
import { CommandFailure } from '../../../command-shell/run-briefly.ts';
import { runCommand, streamFrom, streamInto } from '../run-command.ts';

/** Runs `zfs` with arguments; each call throws with what the program said when it fails. */
export interface ZfsProgram {
  run(...argv: readonly string[]): Promise<string>;
  /** Runs a listing of data sets of which some may be missing: gives what is there. */
  list(...argv: readonly string[]): Promise<string>;
  send(argv: readonly string[], into: Writable): Promise<void>;
  receive(argv: readonly string[], stream: Readable): Promise<void>;
}

/** The host's own program. */
export const systemZfs: ZfsProgram = {
  run: (...argv) => runCommand('zfs', ...argv),
  list: async (...argv) => {
    try {
      return await runCommand('zfs', 'list', ...argv);
    } catch (error) {
      return whatIsThere(error);
    }
  },
  send: (argv, into) => streamFrom('zfs', argv, into),
  receive: (argv, stream) => streamInto('zfs', argv, stream, 'end'),
};

/** The output of a listing whose only complaints are of missing data sets; throws the error when there are others. */
function whatIsThere(error: unknown): string {
  if (!(error instanceof CommandFailure)) throw error;
  const complaints = error.message.split('\n').slice(1);
  if (!complaints.every((line) => line.endsWith('dataset does not exist'))) throw error;
  return error.stdout;
}
