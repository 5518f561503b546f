/** The machines that a host holds ready, as its HostObject knows them. Every method is synchronous. */

/** A kind of machine that can be held ready. */
export interface WarmKind {
  readonly image: string;
  readonly ramdisk: boolean;
}

/**
 * `preparing`: being made; `ready`: may be claimed; `claimed`: somebody's, unless they never come for it;
 * `taken`: theirs for good; `retiring`: on its way out.
 */
export type WarmState = 'preparing' | 'ready' | 'claimed' | 'taken' | 'retiring';

export interface WarmEntry {
  readonly containerId: string;
  readonly kind: string;
  readonly state: WarmState;
  /** Since when it is in that state, or when it was last looked at; Unix ms. */
  readonly sinceMs: number;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS warm_entries (
  container_id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, claim_id TEXT UNIQUE, since INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS warm_entries_ready ON warm_entries (kind, state, since);
`;

/** One text for one kind of machine. */
export function kindKey({ image, ramdisk }: WarmKind): string {
  return `${image}|${ramdisk ? 'ramdisk' : 'plain'}`;
}

export class WarmStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#sql.exec(TABLES);
  }

  entries(): WarmEntry[] {
    return this.#sql
      .exec('SELECT container_id, kind, state, since FROM warm_entries ORDER BY since, container_id')
      .toArray()
      .map((row) => ({
        containerId: String(row['container_id']),
        kind: String(row['kind']),
        state: String(row['state']) as WarmState,
        sinceMs: Number(row['since']),
      }));
  }

  add(containerId: string, kind: string, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO warm_entries (container_id, kind, state, since) VALUES (?, ?, 'preparing', ?)",
      containerId,
      kind,
      nowMs,
    );
  }

  /** Gives one ready machine to one claimant, in one statement. The same claim again gets the same machine. */
  claim(claimId: string, kind: string, nowMs: number): string | null {
    const known = this.#sql
      .exec('SELECT container_id FROM warm_entries WHERE claim_id = ?', claimId)
      .toArray()[0];
    if (known !== undefined) return String(known['container_id']);
    const row = this.#sql
      .exec(
        `UPDATE warm_entries SET state = 'claimed', claim_id = ?, since = ?
         WHERE container_id = (SELECT container_id FROM warm_entries WHERE kind = ? AND state = 'ready'
           ORDER BY since, container_id LIMIT 1)
         RETURNING container_id`,
        claimId,
        nowMs,
        kind,
      )
      .toArray()[0];
    return row === undefined ? null : String(row['container_id']);
  }

  /** Moves an entry; a claim is remembered only as long as it stands. */
  setState(containerId: string, state: WarmState, nowMs: number): void {
    const keepsClaim = state === 'claimed' || state === 'taken';
    this.#sql.exec(
      `UPDATE warm_entries SET state = ?, since = ?${keepsClaim ? '' : ', claim_id = NULL'} WHERE container_id = ?`,
      state,
      nowMs,
      containerId,
    );
  }

  has(containerId: string): boolean {
    return (
      this.#sql.exec('SELECT 1 FROM warm_entries WHERE container_id = ?', containerId).toArray().length > 0
    );
  }

  remove(containerId: string): void {
    this.#sql.exec('DELETE FROM warm_entries WHERE container_id = ?', containerId);
  }
}
