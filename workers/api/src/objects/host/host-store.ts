/** The tables of one HostObject. Every method is synchronous. */
import type { Dispatch, Hello } from '@control-plane/contract/link';

/** A hello without its inventory, which is only true at the moment of the connect. */
export type HostFacts = Omit<Hello, 'inventory'>;

export interface HostIdentity {
  readonly serverId: string;
  readonly serverName: string;
  /** Raw Ed25519 key in hex. */
  readonly publicKey: string;
}
const TABLES = `
CREATE TABLE IF NOT EXISTS host (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL, hello TEXT);
CREATE TABLE IF NOT EXISTS dispatches (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, operation_id TEXT NOT NULL UNIQUE, container_id TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS machines (container_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
`;

export class HostStore {
  readonly #sql: SqlStorage;
  /** As stored; undefined before the first look. Every command asks for it, and it may be long. */
  #hello: HostFacts | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  identity(): HostIdentity | null {
    const row = this.#sql.exec('SELECT identity FROM host').toArray()[0];
    return row === undefined ? null : (JSON.parse(String(row['identity'])) as HostIdentity);
  }

  setIdentity(identity: HostIdentity): void {
    this.#sql.exec(
      'INSERT INTO host (id, identity) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET identity = excluded.identity',
      JSON.stringify(identity),
    );
  }

  /** What the host last said of itself; null before its first hello. */
  hello(): HostFacts | null {
    if (this.#hello === undefined) {
      const row = this.#sql.exec('SELECT hello FROM host WHERE hello IS NOT NULL').toArray()[0];
      this.#hello = row === undefined ? null : (JSON.parse(String(row['hello'])) as HostFacts);
    }
    return this.#hello;
  }

  setHello({ inventory: _inventory, ...facts }: Hello): void {
    this.#sql.exec('UPDATE host SET hello = ?', JSON.stringify(facts));
    this.#hello = facts;
  }

  /** False when the nonce was used before. Forgets those that the clock check refuses anyway. */
  useNonce(nonce: string, nowMs: number, keepMs: number): boolean {
    this.#sql.exec('DELETE FROM nonces WHERE seen_at < ?', nowMs - keepMs);
    const inserted = this.#sql
      .exec(
        'INSERT INTO nonces (nonce, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING nonce',
        nonce,
        nowMs,
      )
      .toArray();
    return inserted.length === 1;
  }

  /**
   * Keeps a dispatch until its outcome was taken (once: a repeated operation id keeps the first), and notes
   * whose machine it concerns. Returns it with its place in the order.
   */
  keep(dispatch: Omit<Dispatch, 'type' | 'sequence'>): Dispatch {
    this.#sql.exec(
      'INSERT INTO dispatches (operation_id, container_id, body) VALUES (?, ?, ?) ON CONFLICT (operation_id) DO NOTHING',
      dispatch.operation_id,
      dispatch.container_id,
      JSON.stringify(dispatch),
    );
    if (dispatch.command === 'create' || dispatch.command === 'copy-in') {
      this.#sql.exec(
        'INSERT INTO machines (container_id) VALUES (?) ON CONFLICT DO NOTHING',
        dispatch.container_id,
      );
    }
    const { operation_id: operationId } = dispatch;
    const row = this.#sql.exec('SELECT sequence FROM dispatches WHERE operation_id = ?', operationId).one();
    return { ...dispatch, type: 'dispatch', sequence: Number(row['sequence']) };
  }

  /** All that have no outcome yet, in the order in which they must run. */
  dispatches(): Dispatch[] {
    return this.#sql
      .exec('SELECT sequence, body FROM dispatches ORDER BY sequence')
      .toArray()
      .map((row) => ({
        ...(JSON.parse(String(row['body'])) as Omit<Dispatch, 'type' | 'sequence'>),
        type: 'dispatch',
        sequence: Number(row['sequence']),
      }));
  }

  dispatchCount(): number {
    return Number(this.#sql.exec('SELECT count(*) AS count FROM dispatches').one()['count']);
  }

  dispatch(operationId: string): Omit<Dispatch, 'type' | 'sequence'> | null {
    const row = this.#sql
      .exec('SELECT body FROM dispatches WHERE operation_id = ?', operationId)
      .toArray()[0];
    return row === undefined
      ? null
      : (JSON.parse(String(row['body'])) as Omit<Dispatch, 'type' | 'sequence'>);
  }

  deleteDispatch(operationId: string): void {
    this.#sql.exec('DELETE FROM dispatches WHERE operation_id = ?', operationId);
  }

  machines(): string[] {
    return this.#sql
      .exec('SELECT container_id FROM machines')
      .toArray()
      .map((row) => String(row['container_id']));
  }

  hasDispatchFor(containerId: string): boolean {
    return (
      this.#sql.exec('SELECT 1 FROM dispatches WHERE container_id = ? LIMIT 1', containerId).toArray()
        .length > 0
    );
  }

  forgetMachine(containerId: string): void {
    this.#sql.exec('DELETE FROM machines WHERE container_id = ?', containerId);
  }
}
