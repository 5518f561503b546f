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
  const cause = error.cause instanceof Error ? ` <- ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`;
}
