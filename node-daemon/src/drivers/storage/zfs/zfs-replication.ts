import type { Writable } from 'node:stream';
import type { Outcome } from '../../../outcome.ts';
import { attempt } from '../storage-failure.ts';
import { lines } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';

/** What ZFS offers beyond plain streams: going on where one broke off, and bases that outlive their snapshots. */
export class ZfsReplication {
  readonly #zfs: ZfsProgram;

  constructor(zfs: ZfsProgram) {
    this.#zfs = zfs;
  }

  /** From where a stream into `dataset` that broke off can go on; null when there is no such place. */
  async resumeToken(dataset: string): Promise<string | null> {
    const token = (await this.#zfs.run('get', '-H', '-o', 'value', 'receive_resume_token', dataset)).trim();
    return token === '-' || token === '' ? null : token;
  }

  /** Sends the rest of a stream that broke off; `token` is what {@link resumeToken} gave on the other side. */
  sendRest(token: string, into: Writable): Promise<Outcome<undefined>> {
    return attempt('The rest of the snapshot could not be sent.', () =>
      this.#zfs.send(['send', '-t', token], into),
    );
  }

  /**
   * Keeps a snapshot (`POOL/PATH@NAME`) as the base of the next stream to a copy, as a bookmark of the same
   * GUID, and lets go of the one before. At every moment there is a bookmark of one of the two.
   */
  async keepBase(snapshot: string, copyId: string): Promise<Outcome<undefined>> {
    const dataset = snapshot.split('@')[0] ?? '';
    const bookmark = `${dataset}#copy-${copyId}`;
    return attempt('The base of the copy could not be kept.', async () => {
      const listing = ['list', '-H', '-t', 'bookmark', '-r', '-d', '1', '-o', 'name', dataset];
      const known = lines(await this.#zfs.run(...listing));
      if (known.includes(`${bookmark}-next`)) await this.#zfs.run('destroy', `${bookmark}-next`);
      await this.#zfs.run('bookmark', snapshot, `${bookmark}-next`);
      if (known.includes(bookmark)) await this.#zfs.run('destroy', bookmark);
      await this.#zfs.run('bookmark', snapshot, bookmark);
      await this.#zfs.run('destroy', `${bookmark}-next`);
    });
  }
}
