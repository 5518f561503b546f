import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

const schema = `
create table if not exists meta (name text primary key, value text not null) strict, without rowid;
create table if not exists operations (
  operation_id text primary key,
  container_id text not null,
  incarnation integer not null,
  sequence integer not null,
  status text not null check (status in ('queued', 'running', 'undoing', 'completed', 'failed')),
  dispatch text not null,
  initial_state text,
  cancel_reason text,
  failure text,
  result text,
  received_at_ms integer not null,
  begun_at_ms integer,
  ended_at_ms integer
) strict, without rowid;
create index if not exists operations_by_status on operations (status, sequence);
create table if not exists steps (
  operation_id text not null,
  step_index integer not null,
  name text not null,
  status text not null check (status in ('begun', 'done', 'undone')),
  duration_ms real,
  primary key (operation_id, step_index)
) strict, without rowid;
create table if not exists outbound (
  position integer primary key autoincrement,
  id text not null unique,
  message text not null
) strict;
create table if not exists transfer_tickets (
  ticket_id text primary key,
  session text not null,
  expires_at_ms integer not null,
  settled integer not null
) strict, without rowid;
create table if not exists copy_points (
  container_id text not null,
  name text not null,
  role text not null check (role in ('source', 'copy')),
  bytes_transferred integer not null default 0,
  primary key (container_id, name)
) strict, without rowid;
create table if not exists travelled_snapshots (
  container_id text not null,
  name text not null,
  primary key (container_id, name)
) strict, without rowid;
create table if not exists machines (
  container_id text primary key,
  incarnation integer not null,
  spec text,
  state text not null,
  quarantined integer not null default 0,
  last_sequence integer not null default 0,
  updated_at_ms integer not null
) strict, without rowid;
`;

/**
 * When a commit is on the disk. `now`: when it returns. `soon`: with the next one that is, or within seconds; it is
 * never lost when the daemon is killed, only in a power cut, and never out of order.
 */
export type Durability = 'now' | 'soon';

/**
 * The daemon's memory: one SQLite database. What is about to be done is on disk before (`synchronous=FULL`). What
 * would only be repeated if it were lost in a power cut does not wait: a command that was taken, which is sent again as
 * long as it has no outcome, and an outcome, whose last step is run again then.
 */
export class Journal {
  readonly database: DatabaseSync;
  readonly #file: string;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  /** Opens or makes `journal.db` in the data directory. */
  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.#file = path.join(dataDir, 'journal.db');
    this.database = new DatabaseSync(this.#file, { timeout: 5_000 });
    chmodSync(this.#file, 0o600);
    this.database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
    this.database.exec(schema);
  }

  /** Runs `action` in one transaction: all of it is recorded when this returns, or nothing is. */
  transaction<T>(action: () => T, durability: Durability = 'now'): T {
    if (this.#depth > 0) return action();
    if (durability === 'now') return this.#commit(action);
    this.database.exec('pragma synchronous = normal');
    try {
      return this.#commit(action);
    } finally {
      this.database.exec('pragma synchronous = full');
    }
  }

  #commit<T>(action: () => T): T {
    this.database.exec('begin immediate');
    this.#depth += 1;
    try {
      const value = action();
      this.database.exec('commit');
      return value;
    } catch (error) {
      this.database.exec('rollback');
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** A statement, compiled when it is first asked for: there are few, and each operation runs dozens. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  readMeta(name: string): string | undefined {
    const row = this.prepare('select value from meta where name = ?').get(name);
    return row === undefined ? undefined : readText(row, 'value');
  }

  writeMeta(name: string, value: string): void {
    this.prepare('insert or replace into meta (name, value) values (?, ?)').run(name, value);
  }

  /** Size of the database with its write-ahead log. */
  sizeBytes(): number {
    const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return size(this.#file) + size(`${this.#file}-wal`);
  }

  close(): void {
    this.database.close();
  }
}

/** A column that the schema says is text. */
export function readText(row: object, column: string): string {
  const value: unknown = Reflect.get(row, column);
  if (typeof value !== 'string') throw new Error(`The journal's column ${column} is not text.`);
  return value;
}

/** A text column that may be null. */
export function readOptionalText(row: object, column: string): string | undefined {
  return Reflect.get(row, column) === null ? undefined : readText(row, column);
}

/** A column that the schema says is a number. */
export function readNumber(row: object, column: string): number {
  const value: unknown = Reflect.get(row, column);
  if (typeof value !== 'number') throw new Error(`The journal's column ${column} is not a number.`);
  return value;
}
