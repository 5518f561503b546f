import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FillVolume } from '../image-trees.ts';
import type { ZfsDatasets } from './zfs-datasets.ts';
import type { ZfsProgram } from './zfs-program.ts';

export type ZfsImagesOptions = {
  /** `images` below it exists. */
  readonly parent: string;
  /** Where `parent` is mounted. */
  readonly mountPoint: string;
  readonly fill: FillVolume;
  readonly imageVersion?: (image: string) => string;
};

/** Images as data sets with a snapshot `@base` that volumes are cloned from; each is made once, when it is needed. */
export class ZfsImages {
  readonly #options: ZfsImagesOptions;
  readonly #zfs: ZfsProgram;
  readonly #datasets: ZfsDatasets;
  readonly #inTheMaking = new Map<string, Promise<void>>();

  constructor(options: ZfsImagesOptions, zfs: ZfsProgram, datasets: ZfsDatasets) {
    this.#options = options;
    this.#zfs = zfs;
    this.#datasets = datasets;
  }

  /** The data set of an image for host uid `rootUid`. */
  async open(name: string, rootUid: number): Promise<string> {
    const { parent, imageVersion } = this.#options;
    const identity = `${name}\n${imageVersion?.(name) ?? ''}\n${rootUid}`;
    const key = createHash('sha256').update(identity).digest('hex').slice(0, 32);
    const image = `${parent}/images/${key}`;
    if (await this.#datasets.exists(image)) return image;
    const running = this.#inTheMaking.get(key) ?? this.#make(image, key, name, rootUid);
    this.#inTheMaking.set(key, running);
    await running.finally(() => this.#inTheMaking.delete(key));
    return image;
  }

  async #make(image: string, key: string, name: string, rootUid: number): Promise<void> {
    const { mountPoint, fill } = this.#options;
    const partial = `${image}.partial`;
    await this.#datasets.remove(partial);
    await this.#zfs.run('create', partial);
    await fill(path.join(mountPoint, 'images', `${key}.partial`), name, rootUid);
    await this.#zfs.run('snapshot', `${partial}@base`);
    await this.#zfs.run('rename', partial, image);
  }
}
