export type ShellJob = {
  readonly number: number;
  /** Its outputs go into this file, with `.out` and `.err` after its name. */
  readonly file: string;
  /** Where the command is looked for. */
  readonly search: string;
  readonly command: string;
  readonly argv: readonly string[];
  readonly input?: string;
};

/**
 * The text with which a POSIX shell runs a command beside others: it prints `NUMBER 0 PID` when the command was
 * started and `NUMBER 1 CODE` when it ended. A shell whose parent is gone runs nothing any more: the next daemon
 * must not be met by what the last one had asked for.
 */
export function shellJob({ number, file, search, command, argv, input }: ShellJob): string {
  const words = [command, ...argv].map(quoteWord).join(' ');
  const mark = unusedMark(input ?? '');
  const source = input === undefined ? '</dev/null' : `<<'${mark}'`;
  const text = input === undefined ? '' : `${input}${input.endsWith('\n') ? '' : '\n'}${mark}\n`;
  return (
    `kill -0 $PPID && { PATH=${quoteWord(search)}; ` +
    `${words} ${source} >${quoteWord(`${file}.out`)} 2>${quoteWord(`${file}.err`)} &\n${text}` +
    `echo "${number} 0 $!"; wait $!; echo "${number} 1 $?"; } &\n`
  );
}

/** A word of the shell that means `text`, whatever is in it. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A line that does not occur in the text. */
function unusedMark(text: string): string {
  let mark = 'end';
  while (text.split('\n').includes(mark)) mark += '_';
  return mark;
}
