/** Structured logging: one JSON object a line, as Workers Logs and any collector read it. */
type Fields = Record<string, string | number | boolean | null | undefined>;

export interface Logger {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A logger that adds `fields` to each line. */
  with(fields: Fields): Logger;
}

/** A logger whose every line has `fields`. Never put secrets, bodies or query values into them. */
export function createLogger(fields: Fields): Logger {
  const write = (level: 'info' | 'warn' | 'error', message: string, more: Fields = {}): void => {
    console[level](JSON.stringify({ level, message, time: new Date().toISOString(), ...fields, ...more }));
  };
  return {
    info: (message, more) => write('info', message, more),
    warn: (message, more) => write('warn', message, more),
    error: (message, more) => write('error', message, more),
    with: (more) => createLogger({ ...fields, ...more }),
  };
}

/** The loggable text of an unknown thrown value. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` <- ${withoutValues(error.cause.message)}` : '';
  return `${error.name}: ${withoutValues(error.message)}${cause}`;
}

/** Where an error came from, without its message; undefined for what is no Error. */
export function traceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** Drizzle ends the message of a failed query with the query's values: secrets and bodies among them. */
function withoutValues(message: string): string {
  const at = message.indexOf('\nparams: ');
  return at === -1 ? message : message.slice(0, at);
}
