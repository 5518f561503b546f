import type { SnapshotFacts } from '@control-plane/contract/link';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { Outcome } from '../../../outcome.ts';
import type { CopySnapshotRequest, StorageDriver } from '../../types.ts';
import { attempt } from '../storage-failure.ts';
import type { ZfsDatasets } from './zfs-datasets.ts';
import { lines } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';

export type ReceiveStream = {
  /** Where it goes: it need not exist. */
  readonly dataset: string;
  /** Name of the snapshot within it. */
  readonly name: string;
  /** Whether the stream holds everything, or only what changed since a snapshot that is here. */
  readonly isWhole: boolean;
  /** From where it goes on; null: from its beginning. */
  readonly resume: string | null;
  readonly stream: Readable;
};

type HalfStream = { readonly dataset: string; readonly token: string };

/** Where a whole stream is received while there is something older at its place. */
function besideOf(dataset: string): string {
  return `${dataset}.next`;
}

/** Streams into data sets of their own, which can go on where one broke off. */
export class ZfsReplication {
  readonly #zfs: ZfsProgram;
  readonly #datasets: ZfsDatasets;

  constructor(zfs: ZfsProgram, datasets: ZfsDatasets) {
    this.#zfs = zfs;
    this.#datasets = datasets;
  }

  /** From where a stream into `dataset` that broke off can go on; null when there is no such place. */
  async resumeToken(dataset: string): Promise<string | null> {
    return (await this.#half(dataset))?.token ?? null;
  }

  /** Sends the rest of a stream that broke off; `token` is what {@link resumeToken} gave on the other side. */
  sendRest(token: string, into: Writable): Promise<Outcome<undefined>> {
    return attempt('The rest of the snapshot could not be sent.', () =>
      this.#zfs.send(['send', '-t', token], into),
    );
  }

  /**
   * Makes a snapshot out of a stream. A whole one where there is a data set already is received beside and takes
   * its place when it is complete; clones of what was there live on. Throws when the stream breaks off: then
   * {@link resumeToken} says from where it can go on.
   */
  async receive({ dataset, name, isWhole, resume, stream }: ReceiveStream): Promise<void> {
    const beside = besideOf(dataset);
    const half = await this.#half(dataset);
    const goesOn = half !== undefined && half.token === resume;
    if (!goesOn) await this.#drop(dataset, half);
    // What was received by a daemon that was killed before it was published: an increment would not fit onto it.
    if (!goesOn && !isWhole) await this.#datasets.dropUnpublished(dataset);
    const isBeside = goesOn ? half.dataset === beside : isWhole && (await this.#datasets.exists(dataset));
    const target = isBeside ? beside : dataset;
    await this.#zfs.receive(['receive', '-s', '-o', 'readonly=on', `${target}@${name}`], stream);
    if (!isBeside) return;
    await this.#datasets.remove(dataset);
    await this.#zfs.run('rename', beside, dataset);
  }

  /** Removes all that was received into `dataset`; clones of it live on. */
  async remove(dataset: string): Promise<void> {
    await this.#drop(dataset, await this.#half(dataset));
    await this.#datasets.remove(dataset);
  }

  /** Drops a stream that is not whole, and one that was whole and had not taken its place yet. */
  async #drop(dataset: string, half: HalfStream | undefined): Promise<void> {
    if (half !== undefined) await this.#zfs.run('receive', '-A', half.dataset);
    await this.#datasets.remove(besideOf(dataset));
  }

  /** The data set with a half received stream, that one or the one beside, and its token. */
  async #half(dataset: string): Promise<HalfStream | undefined> {
    const text = await this.#zfs.list('-H', '-o', 'name,receive_resume_token', dataset, besideOf(dataset));
    const halves = lines(text).map((line) => line.split('\t'));
    return halves
      .map(([name = '', token = '-']) => ({ dataset: name, token }))
      .find(({ token }) => token !== '-' && token !== '');
  }
}

/** Makes a snapshot of another machine out of all of this one's content; `facts` are those of the new one. */
export async function streamSnapshot(
  storage: StorageDriver,
  { source, snapshot, target, name }: CopySnapshotRequest,
  facts: SnapshotFacts,
): Promise<Outcome<SnapshotFacts>> {
  const stream = new PassThrough();
  const [sent, received] = await Promise.all([
    storage.send({ containerId: source, snapshot, base: null, into: stream }),
    storage.receive({
      containerId: target,
      snapshot: name,
      stateful: facts.stateful,
      createdAt: facts.created_at,
      sizeBytesMin: facts.size_bytes,
      stream,
    }),
  ]);
  return sent.ok ? received : sent;
}
