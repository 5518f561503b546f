import { readNumber, readText, type Journal } from './journal.ts';

/** `source`: made here for copies. `copy`: fetched from the machine that this one is a copy of. */
export type CopyPointRole = 'source' | 'copy';

export type CopyPointRecord = {
  readonly name: string;
  readonly role: CopyPointRole;
  /** What came over the network for it. */
  readonly bytesTransferred: number;
};

/** Copy points that this host holds on purpose; one on the disk that is not recorded here belongs to nobody. */
export class CopyPointTable {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Records a copy point before it is made. */
  add(containerId: string, name: string, role: CopyPointRole): void {
    this.#journal.database
      .prepare('insert or ignore into copy_points (container_id, name, role) values (?, ?, ?)')
      .run(containerId, name, role);
  }

  addBytes(containerId: string, name: string, bytes: number): void {
    this.#journal.database
      .prepare(
        `update copy_points set bytes_transferred = bytes_transferred + ?
         where container_id = ? and name = ?`,
      )
      .run(bytes, containerId, name);
  }

  list(containerId: string): CopyPointRecord[] {
    return this.#journal.database
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
    this.#journal.database
      .prepare('delete from copy_points where container_id = ? and name = ?')
      .run(containerId, name);
  }

  removeAll(containerId: string): void {
    this.#journal.database.prepare('delete from copy_points where container_id = ?').run(containerId);
  }
}
