import type { Readable, Writable } from 'node:stream';
import { runCommand, streamFrom, streamInto } from '../run-command.ts';

/** Runs `zfs` with arguments; each call throws with what the program said when it fails. */
export interface ZfsProgram {
  run(...argv: readonly string[]): Promise<string>;
  send(argv: readonly string[], into: Writable): Promise<void>;
  receive(argv: readonly string[], stream: Readable): Promise<void>;
}

/** The host's own program. */
export const systemZfs: ZfsProgram = {
  run: (...argv) => runCommand('zfs', ...argv),
  send: (argv, into) => streamFrom('zfs', argv, into),
  receive: (argv, stream) => streamInto('zfs', argv, stream),
};
