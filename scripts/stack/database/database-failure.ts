import type { HranaError } from './hrana-protocol.ts';

/** SQLite's primary result codes, named as libSQL's server names them. */
const CODE_NAMES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  2: 'SQLITE_INTERNAL',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  23: 'SQLITE_AUTH',
  25: 'SQLITE_RANGE',
};
const SQLITE_BUSY = 5;

/** A failed statement; `code` is what the client library shows as the error's code. */
export class DatabaseFailure extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** SQLite's extended result code of an error thrown by `node:sqlite`; null for any other error. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

/**
 * True when the same statement may succeed once another connection ends its transaction. A stale snapshot
 * (SQLITE_BUSY_SNAPSHOT) is not among these: only a new transaction helps it.
 */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE_BUSY;
}

/** Any thrown value as the wire shows it. */
export function toHranaError(error: unknown): HranaError {
  if (error instanceof DatabaseFailure) return { message: error.message, code: error.code };
  const resultCode = resultCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (resultCode === null) return { message, code: 'SQL_INPUT_ERROR' };
  return { message: `SQLite error: ${message}`, code: CODE_NAMES[resultCode & 0xff] ?? 'SQLITE_ERROR' };
}
