import { readNumber, readText, type Journal } from './journal.ts';

/** `source`: made here for copies. `copy`: fetched from the machine that this one is a copy of. */
export type CopyPointRole = 'source' | 'copy';

export type CopyPointRecord = {
  readonly name: string;
  readonly role: CopyPointRole;
  /** What came over the network for it. */
  readonly bytesTransferred: number;
};

/**
 * Copy points that this host holds on purpose (one on the disk that is not recorded here belongs to nobody), and
 * snapshots that came along with a copy: what they hold has the identity of another machine.
 */
export class CopyPointTable {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Records a copy point before it is made. */
  add(containerId: string, name: string, role: CopyPointRole): void {
    this.#journal
      .prepare('insert or ignore into copy_points (container_id, name, role) values (?, ?, ?)')
      .run(containerId, name, role);
  }

  addBytes(containerId: string, name: string, bytes: number): void {
    this.#journal
      .prepare(
        `update copy_points set bytes_transferred = bytes_transferred + ?
         where container_id = ? and name = ?`,
      )
      .run(bytes, containerId, name);
  }

  list(containerId: string): CopyPointRecord[] {
    return this.#journal
      .prepare('select * from copy_points where container_id = ? order by name')
      .all(containerId)
      .map((row) => ({
        name: readText(row, 'name'),
        role: readText(row, 'role') === 'copy' ? 'copy' : 'source',
        bytesTransferred: readNumber(row, 'bytes_transferred'),
      }));
  }

  find(containerId: string, name: string): CopyPointRecord | undefined {
    return this.list(containerId).find((record) => record.name === name);
  }

  remove(containerId: string, name: string): void {
    this.#journal
      .prepare('delete from copy_points where container_id = ? and name = ?')
      .run(containerId, name);
  }

  /** Records that snapshots of a machine are another machine's, which it is a copy of. */
  addTravelled(containerId: string, names: readonly string[]): void {
    const insert = this.#journal.prepare(
      'insert or ignore into travelled_snapshots (container_id, name) values (?, ?)',
    );
    this.#journal.transaction(() => {
      for (const name of names) insert.run(containerId, name);
    });
  }

  hasTravelled(containerId: string, name: string): boolean {
    const row = this.#journal
      .prepare('select 1 from travelled_snapshots where container_id = ? and name = ?')
      .get(containerId, name);
    return row !== undefined;
  }

  /** A later snapshot of this name is the machine's own. */
  removeTravelled(containerId: string, name: string): void {
    this.#journal
      .prepare('delete from travelled_snapshots where container_id = ? and name = ?')
      .run(containerId, name);
  }

  /** Forgets everything of a machine that is gone. */
  removeAll(containerId: string): void {
    this.#journal.transaction(() => {
      for (const table of ['copy_points', 'travelled_snapshots'])
        this.#journal.prepare(`delete from ${table} where container_id = ?`).run(containerId);
    });
  }
}
