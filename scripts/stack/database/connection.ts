import { constants, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { DatabaseFailure } from './database-failure.ts';
import type { HranaStatement, HranaStatementResult, HranaValue } from './hrana-protocol.ts';
import { fromSqlite, toSqlite } from './hrana-values.ts';

const ROWS_MAX = 100_000;
const STATEMENTS_KEPT_MAX = 200;
const CHANGES_ROWS = /^\s*(?:insert|update|delete|replace|with)\b/i;

/** What may be asked of one statement without running it. */
export interface StatementDescription {
  readonly params: readonly { readonly name: string | null }[];
  readonly cols: readonly { readonly name: string; readonly decltype: string | null }[];
  readonly is_explain: boolean;
  readonly is_readonly: boolean;
}

/**
 * One SQLite connection in terms of the wire protocol. Every call is synchronous and never waits for a
 * lock (busy timeout 0): a wait here would stop the very loop on which the lock's holder must continue.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 0, readBigInts: true, returnArrays: true });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
    // A client of the database has no business with other files of this machine.
    this.#database.setAuthorizer((action) =>
      action === constants.SQLITE_ATTACH || action === constants.SQLITE_DETACH
        ? constants.SQLITE_DENY
        : constants.SQLITE_OK,
    );
  }

  get isAutocommit(): boolean {
    return !this.#database.isTransaction;
  }

  /** Compiled statements are kept, the least recently used one goes first. */
  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    const statement = known ?? this.#database.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const oldest = this.#statements.keys().next();
    if (this.#statements.size > STATEMENTS_KEPT_MAX && oldest.done !== true) {
      this.#statements.delete(oldest.value);
    }
    return statement;
  }

  /** Rows changed on this connection since it was opened. */
  #totalChanges(): number {
    const row: unknown = this.#prepare('SELECT total_changes()').get();
    return Array.isArray(row) ? Number(row[0]) : 0;
  }

  /** Runs one statement whose SQL text is already resolved. */
  execute(sql: string, statement: HranaStatement): HranaStatementResult {
    const prepared = this.#prepare(sql);
    const { positional, named } = bindings(sql, statement);
    const columns = prepared.columns();
    if (columns.length === 0) {
      const { changes, lastInsertRowid } = prepared.run(named, ...positional);
      const affected = CHANGES_ROWS.test(sql) ? Number(changes) : 0;
      return { cols: [], rows: [], affected_row_count: affected, last_insert_rowid: String(lastInsertRowid) };
    }
    const mayChange = CHANGES_ROWS.test(sql);
    const before = mayChange ? this.#totalChanges() : 0;
    const rows: HranaValue[][] = [];
    for (const row of prepared.iterate(named, ...positional) as Iterable<unknown>) {
      if (rows.length === ROWS_MAX) {
        throw new DatabaseFailure(`the result has more than ${ROWS_MAX} rows`, 'RESPONSE_TOO_LARGE');
      }
      if (!Array.isArray(row)) throw new Error('node:sqlite gave a row that is no array');
      rows.push(row.map(fromSqlite));
    }
    return {
      cols: columns.map(({ name, type }) => ({ name, decltype: type })),
      rows: statement.want_rows === false ? [] : rows,
      affected_row_count: mayChange ? this.#totalChanges() - before : 0,
      last_insert_rowid: null,
    };
  }

  /** Runs several statements of one text, without arguments or results. */
  sequence(sql: string): void {
    this.#database.exec(sql);
  }

  describe(sql: string): StatementDescription {
    const columns = this.#prepare(sql).columns();
    const names = sql.match(/\?\d*|[:@$][A-Za-z_]\w*/g) ?? [];
    return {
      params: names.map((name) => ({ name: name === '?' ? null : name })),
      cols: columns.map(({ name, type }) => ({ name, decltype: type })),
      is_explain: /^\s*explain\b/i.test(sql),
      is_readonly: /^\s*(?:select|values|explain)\b/i.test(sql),
    };
  }

  /** Undoes an open transaction, if there is one. */
  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

interface Bindings {
  readonly positional: SQLInputValue[];
  readonly named: Record<string, SQLInputValue>;
}

/** `?` is bound by position; `?3`, `:name`, `@name` and `$name` by name, as `node:sqlite` wants it. */
function bindings(sql: string, statement: HranaStatement): Bindings {
  const named: Record<string, SQLInputValue> = {};
  for (const { name, value } of statement.named_args ?? []) named[name] = toSqlite(value);
  const values = (statement.args ?? []).map(toSqlite);
  if (!/\?\d/.test(sql)) return { positional: values, named };
  for (const [index, value] of values.entries()) named[`?${index + 1}`] = value;
  return { positional: [], named };
}
