import { CommandShell, type CommandRequest } from './command-shell.ts';

/** How much of a failed command's messages goes into the error. */
const messageLengthMax = 64 * 1024;
/** Holds nothing but the shell's process, which every part of the daemon may use. */
const shell = new CommandShell();

/** A command that ended with another code than 0; its message has the command in the first line, then its messages. */
export class CommandFailure extends Error {
  /** What it printed before it failed. */
  readonly stdout: string;

  constructor(words: readonly string[], stdout: string, stderr: string) {
    super(`Command failed: ${words.join(' ')}\n${stderr.trim().slice(-messageLengthMax)}`);
    this.stdout = stdout;
  }
}

/** Runs a short command of the host and gives its standard output; rejects with {@link CommandFailure}. */
export async function runBriefly(request: CommandRequest): Promise<string> {
  const { code, stdout, stderr } = await shell.run(request);
  if (code === 0) return stdout;
  throw new CommandFailure([request.command, ...request.argv], stdout, stderr);
}
