/** The tables of one ContainerObject. Every method is synchronous, so that one block can hold several. */
import type { Dispatch } from '@control-plane/contract/link';
import type {
  ContainerCommand,
  ContainerRecord,
  LifecycleState,
  RunningOperation,
} from '@control-plane/lifecycle';
import type { Actor, OperationView, SnapshotRecord, StatusLogQuery, StatusLogRow } from './messages.ts';
import type { ProjectionWrite } from '@control-plane/database';
import type { CopyProgress } from './copy-messages.ts';
import { CopyStore } from './copy-store.ts';

/** A dispatch before its HostObject gives it a sequence number. */
export type UnsentDispatch = Omit<Dispatch, 'type' | 'sequence'>;
/** Something a host must be told, kept until its HostObject has taken it over. */
export type HostErrand =
  | { readonly kind: 'dispatch'; readonly dispatch: UnsentDispatch }
  | { readonly kind: 'cancel'; readonly operationId: string };

export interface Loaded {
  readonly record: ContainerRecord;
  readonly running: RunningOperation | null;
}

export interface OperationRow extends Omit<OperationView, 'progress'> {
  readonly actor: Actor;
  readonly requestId: string;
  readonly snapshot: { readonly alias: string | null; readonly expiresAt: number | null } | null;
  /** copy, sync: what it wants of its source, and whether it has it. */
  readonly copy: CopyProgress | null;
}

/** Status rows kept in the object; the oldest go first. */
const STATUS_ROWS_MAX = 10_000;
const OPERATION_ROWS_MAX = 1_000;

const TABLES = `
CREATE TABLE IF NOT EXISTS container (
  id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL, running TEXT, version INTEGER NOT NULL,
  projected_version INTEGER NOT NULL DEFAULT 0, projected_realms TEXT);
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS operations_by_age ON operations (created_at);
CREATE TABLE IF NOT EXISTS status_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, from_status TEXT, to_status TEXT NOT NULL,
  triggered_by TEXT NOT NULL, triggered_by_user_id TEXT, operation_id TEXT, command TEXT, cause TEXT,
  duration_ms INTEGER, transition_time INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS errands (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
`;

const SORT_COLUMNS: Record<StatusLogQuery['sortBy'], string> = {
  transition_time: 'sequence',
  created_at: 'sequence',
  to_status: 'to_status',
  from_status: 'from_status',
};

/** JSON text that this object wrote itself is trusted to be what it wrote. */
function read<T>(json: SqlStorageValue | undefined): T {
  return JSON.parse(String(json)) as T;
}

export class ContainerStore {
  readonly #sql: SqlStorage;

  #isEmpty: boolean;
  /** What this container has to do with copies. */
  readonly copies: CopyStore;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.copies = new CopyStore(storage.sql);
    const tables = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'container'");
    this.#isEmpty = tables.toArray().length === 0;
    // Objects that are older than these tables get them now.
    if (!this.#isEmpty) this.copies.establish();
  }

  /** True until a container is made here. Asking for one that never was must leave nothing behind. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Makes the tables; before the first write. */
  establish(): void {
    if (!this.#isEmpty) return;
    this.#sql.exec(TABLES);
    this.copies.establish();
    this.#isEmpty = false;
  }

  load(): Loaded | null {
    const row = this.#sql.exec('SELECT record, running FROM container').toArray()[0];
    if (row === undefined) return null;
    return {
      record: read<ContainerRecord>(row['record']),
      running: row['running'] === null ? null : read<RunningOperation>(row['running']),
    };
  }

  save({ record, running }: Loaded): void {
    this.#sql.exec(
      `INSERT INTO container (id, record, running, version) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
         record = excluded.record, running = excluded.running, version = excluded.version`,
      JSON.stringify(record),
      running === null ? null : JSON.stringify(running),
      record.version,
    );
  }

  /** The container as libSQL does not know it yet; null when it knows the latest. */
  unprojected(): { record: ContainerRecord; withRealms: boolean } | null {
    const row = this.#sql
      .exec('SELECT record, projected_realms FROM container WHERE version > projected_version')
      .toArray()[0];
    if (row === undefined) return null;
    const record = read<ContainerRecord>(row['record']);
    return { record, withRealms: row['projected_realms'] !== record.realmIds.join() };
  }

  /** Notes that libSQL has this version. */
  setProjected({ version, realmIds }: ContainerRecord): void {
    this.#sql.exec(
      'UPDATE container SET projected_version = ?, projected_realms = ? WHERE projected_version < ?',
      version,
      realmIds.join(),
      version,
    );
  }

  operation(id: string): OperationRow | null {
    const row = this.#sql.exec('SELECT body FROM operations WHERE id = ?', id).toArray()[0];
    return row === undefined ? null : read<OperationRow>(row['body']);
  }

  putOperation(operation: OperationRow): void {
    this.#sql.exec(
      'INSERT INTO operations (id, created_at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      operation.id,
      operation.createdAt,
      JSON.stringify(operation),
    );
    this.#sql.exec(
      'DELETE FROM operations WHERE id IN (SELECT id FROM operations ORDER BY created_at DESC LIMIT -1 OFFSET ?)',
      OPERATION_ROWS_MAX,
    );
  }

  /** Appends and returns the row with its number. */
  appendStatus(row: Omit<StatusLogRow, 'sequence'>): StatusLogRow {
    const inserted = this.#sql
      .exec(
        `INSERT INTO status_log (id, from_status, to_status, triggered_by, triggered_by_user_id, operation_id, command,
           cause, duration_ms, transition_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence`,
        row.id,
        row.fromStatus,
        row.toStatus,
        row.triggeredBy,
        row.triggeredByUserId,
        row.operationId,
        row.command,
        row.cause,
        row.durationMs,
        row.transitionTime,
      )
      .one();
    const sequence = Number(inserted['sequence']);
    this.#sql.exec('DELETE FROM status_log WHERE sequence <= ?', sequence - STATUS_ROWS_MAX);
    return { ...row, sequence };
  }

  statusRows({ page, limit, sortBy, descending }: StatusLogQuery): { rows: StatusLogRow[]; total: number } {
    const direction = descending ? 'DESC' : 'ASC';
    const rows = this.#sql
      .exec(
        `SELECT * FROM status_log ORDER BY ${SORT_COLUMNS[sortBy]} ${direction}, sequence ${direction} LIMIT ? OFFSET ?`,
        limit,
        (page - 1) * limit,
      )
      .toArray()
      .map((row) => ({
        sequence: Number(row['sequence']),
        id: String(row['id']),
        fromStatus: text(row['from_status']),
        toStatus: String(row['to_status']),
        triggeredBy: String(row['triggered_by']),
        triggeredByUserId: text(row['triggered_by_user_id']),
        operationId: text(row['operation_id']),
        command: text(row['command']) as ContainerCommand | null,
        cause: text(row['cause']),
        durationMs: row['duration_ms'] === null ? null : Number(row['duration_ms']),
        transitionTime: Number(row['transition_time']),
      }));
    const total = Number(this.#sql.exec('SELECT count(*) AS total FROM status_log').one()['total']);
    return { rows, total };
  }

  snapshots(): SnapshotRecord[] {
    return this.#sql
      .exec('SELECT body FROM snapshots ORDER BY created_at DESC, name DESC')
      .toArray()
      .map((row) => read<SnapshotRecord>(row['body']));
  }

  snapshot(name: string): SnapshotRecord | null {
    const row = this.#sql.exec('SELECT body FROM snapshots WHERE name = ?', name).toArray()[0];
    return row === undefined ? null : read<SnapshotRecord>(row['body']);
  }

  /** The snapshot whose time is over first; null: none has an end. */
  nextExpiry(): (SnapshotRecord & { readonly expiresAt: number }) | null {
    const row = this.#sql
      .exec(
        "SELECT body FROM snapshots WHERE body ->> 'expiresAt' IS NOT NULL ORDER BY body ->> 'expiresAt', name LIMIT 1",
      )
      .toArray()[0];
    return row === undefined ? null : read<SnapshotRecord & { readonly expiresAt: number }>(row['body']);
  }

  putSnapshot(snapshot: SnapshotRecord): void {
    this.#sql.exec(
      'INSERT INTO snapshots (name, created_at, body) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body',
      snapshot.name,
      snapshot.createdAt,
      JSON.stringify(snapshot),
    );
  }

  deleteSnapshot(name: string): void {
    this.#sql.exec('DELETE FROM snapshots WHERE name = ?', name);
  }

  appendErrand(errand: HostErrand): void {
    this.#sql.exec('INSERT INTO errands (body) VALUES (?)', JSON.stringify(errand));
  }

  errands(): { sequence: number; errand: HostErrand }[] {
    return this.#sql
      .exec('SELECT sequence, body FROM errands ORDER BY sequence')
      .toArray()
      .map((row) => ({ sequence: Number(row['sequence']), errand: read<HostErrand>(row['body']) }));
  }

  deleteErrand(sequence: number): void {
    this.#sql.exec('DELETE FROM errands WHERE sequence = ?', sequence);
  }

  appendOutbox(write: ProjectionWrite): void {
    this.#sql.exec('INSERT INTO outbox (body) VALUES (?)', JSON.stringify(write));
  }

  outbox(limit: number): { sequence: number; write: ProjectionWrite }[] {
    return this.#sql
      .exec('SELECT sequence, body FROM outbox ORDER BY sequence LIMIT ?', limit)
      .toArray()
      .map((row) => ({ sequence: Number(row['sequence']), write: read<ProjectionWrite>(row['body']) }));
  }

  deleteOutbox(throughSequence: number): void {
    this.#sql.exec('DELETE FROM outbox WHERE sequence <= ?', throughSequence);
  }

  /** Whether the running operation waits for another container. */
  waitsForSource(): boolean {
    const running = this.load()?.running;
    if (running?.command !== 'copy' && running?.command !== 'sync') return false;
    return this.operation(running.id)?.copy?.phase === 'source';
  }

  /** Whether anything still has to leave the object. */
  hasBacklog(): boolean {
    const row = this.#sql
      .exec(
        `SELECT EXISTS (SELECT 1 FROM errands) OR EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM notices)
           OR EXISTS (SELECT 1 FROM container WHERE version > projected_version) AS backlog`,
      )
      .one();
    return Number(row['backlog']) === 1;
  }
}

/** The lifecycle's view of what is stored. */
export function lifecycleState(loaded: Loaded): LifecycleState;
export function lifecycleState(loaded: Loaded | null): LifecycleState | null;
export function lifecycleState(loaded: Loaded | null): LifecycleState | null {
  if (loaded === null) return null;
  const { record, running } = loaded;
  return { status: record.status, incarnation: record.incarnation, operation: running };
}

function text(value: SqlStorageValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
