/** What a container keeps about copies: those made of it, and where it was copied from itself. */
import type { ApiError } from '@control-plane/contract/errors';
import type { CopyPoint, LetGo } from './copy-messages.ts';

/** How far a copy point may go: kept whole, kept as a base only, removed. */
export type Hold = 'whole' | 'base' | 'gone';

export interface CopyPointRow {
  readonly name: string;
  /** Operation that makes it. */
  readonly operationId: string;
  readonly state: 'making' | 'ready' | 'failed';
  readonly facts: CopyPoint | null;
  readonly error: ApiError | null;
  /** What the host was told last. */
  readonly told: Hold;
  /** The dispatch that tells it, while the host has not confirmed it. */
  readonly release: { readonly operationId: string; readonly retryAtMs: number | null } | null;
}

/** Where a copy came from. */
export interface CopyOrigin {
  readonly sourceId: string;
  /** The copy point that both sides hold; null: none, the next sync sends everything. */
  readonly base: string | null;
}

export interface PendingTarget {
  readonly copyPoint: string;
  readonly targetId: string;
  readonly sinceMs: number;
}

export interface Notice {
  readonly to: string;
  readonly letGo: LetGo;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS copy_points (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS copy_targets (
  copy_point TEXT NOT NULL, target_id TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (copy_point, target_id));
CREATE TABLE IF NOT EXISTS copy_origin (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notices (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
`;

/** Tables of one ContainerObject; every method is synchronous. */
export class CopyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Makes the tables, should they be missing. */
  establish(): void {
    this.#sql.exec(TABLES);
  }

  point(name: string): CopyPointRow | null {
    const row = this.#sql.exec('SELECT body FROM copy_points WHERE name = ?', name).toArray()[0];
    return row === undefined ? null : (JSON.parse(String(row['body'])) as CopyPointRow);
  }

  points(): CopyPointRow[] {
    return this.#sql
      .exec('SELECT body FROM copy_points')
      .toArray()
      .map((row) => JSON.parse(String(row['body'])) as CopyPointRow);
  }

  putPoint(point: CopyPointRow): void {
    this.#sql.exec(
      'INSERT INTO copy_points (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body',
      point.name,
      JSON.stringify(point),
    );
  }

  deletePoint(name: string): void {
    this.#sql.exec('DELETE FROM copy_points WHERE name = ?', name);
  }

  /** Notes who waits for a copy point; one that has it as base already stays so. */
  addTarget(copyPoint: string, targetId: string, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO copy_targets (copy_point, target_id, state, since) VALUES (?, ?, 'pending', ?) ON CONFLICT DO NOTHING",
      copyPoint,
      targetId,
      nowMs,
    );
  }

  /** What the copies still need of a copy point. */
  wanted(copyPoint: string): Hold {
    const states = this.#sql
      .exec('SELECT DISTINCT state FROM copy_targets WHERE copy_point = ?', copyPoint)
      .toArray()
      .map((row) => String(row['state']));
    if (states.includes('pending')) return 'whole';
    return states.includes('base') ? 'base' : 'gone';
  }

  /** Whether a copy holds this point as its base. */
  isBaseOf(copyPoint: string, targetId: string): boolean {
    return (
      this.#sql
        .exec(
          "SELECT 1 FROM copy_targets WHERE copy_point = ? AND target_id = ? AND state = 'base'",
          copyPoint,
          targetId,
        )
        .toArray().length > 0
    );
  }

  /** Takes a copy's word; false: it had nothing here. */
  letGo({ targetId, copyPoint, keepAsBase }: LetGo): void {
    if (copyPoint === null) {
      this.#sql.exec('DELETE FROM copy_targets WHERE target_id = ?', targetId);
      return;
    }
    if (!keepAsBase) {
      this.#sql.exec(
        "DELETE FROM copy_targets WHERE copy_point = ? AND target_id = ? AND state = 'pending'",
        copyPoint,
        targetId,
      );
      return;
    }
    this.#sql.exec(
      "UPDATE copy_targets SET state = 'base' WHERE copy_point = ? AND target_id = ?",
      copyPoint,
      targetId,
    );
    this.#sql.exec(
      "DELETE FROM copy_targets WHERE copy_point <> ? AND target_id = ? AND state = 'base'",
      copyPoint,
      targetId,
    );
  }

  pendingTargets(): PendingTarget[] {
    return this.#sql
      .exec("SELECT copy_point, target_id, since FROM copy_targets WHERE state = 'pending'")
      .toArray()
      .map((row) => ({
        copyPoint: String(row['copy_point']),
        targetId: String(row['target_id']),
        sinceMs: Number(row['since']),
      }));
  }

  /** Notes that a target was asked and still waits. */
  touchTarget({ copyPoint, targetId }: PendingTarget, nowMs: number): void {
    this.#sql.exec(
      'UPDATE copy_targets SET since = ? WHERE copy_point = ? AND target_id = ?',
      nowMs,
      copyPoint,
      targetId,
    );
  }

  /** The container is gone, and all copy points with it. */
  forgetPoints(): void {
    this.#sql.exec('DELETE FROM copy_points');
    this.#sql.exec('DELETE FROM copy_targets');
  }

  origin(): CopyOrigin | null {
    const row = this.#sql.exec('SELECT body FROM copy_origin').toArray()[0];
    return row === undefined ? null : (JSON.parse(String(row['body'])) as CopyOrigin);
  }

  setOrigin(origin: CopyOrigin): void {
    this.#sql.exec(
      'INSERT INTO copy_origin (id, body) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      JSON.stringify(origin),
    );
  }

  appendNotice(notice: Notice): void {
    this.#sql.exec('INSERT INTO notices (body) VALUES (?)', JSON.stringify(notice));
  }

  notices(): { sequence: number; notice: Notice }[] {
    return this.#sql
      .exec('SELECT sequence, body FROM notices ORDER BY sequence')
      .toArray()
      .map((row) => ({
        sequence: Number(row['sequence']),
        notice: JSON.parse(String(row['body'])) as Notice,
      }));
  }

  deleteNotice(sequence: number): void {
    this.#sql.exec('DELETE FROM notices WHERE sequence = ?', sequence);
  }
}
