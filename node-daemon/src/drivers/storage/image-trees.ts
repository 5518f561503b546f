import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from './snapshot-files.ts';
import type { VolumeTrees } from './volume-trees.ts';

/** Puts an image's content into an empty volume that belongs to host uid `rootUid`; throws when it can't. */
export type FillVolume = (volume: string, image: string, rootUid: number) => void | Promise<void>;

export type ImageTreesOptions = {
  readonly directory: string;
  readonly trees: VolumeTrees;
  readonly fill: FillVolume;
  /** Changes when an image's content changes; absent: an image never changes. */
  readonly imageVersion?: (image: string) => string;
};

/**
 * Images as read-only trees that volumes are cloned from. Each is made once, by whoever needs it first; that of an
 * image's earlier content goes then, because clones stand by themselves.
 */
export class ImageTrees {
  readonly #options: ImageTreesOptions;
  readonly #inTheMaking = new Map<string, Promise<void>>();
  /** How many clones are being made of a tree now. */
  readonly #uses = new Map<string, number>();

  constructor(options: ImageTreesOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  /** Clones an image for host uid `rootUid` to `target`, which must not exist. Throws when it can't. */
  async clone(image: string, rootUid: number, target: string): Promise<void> {
    const { directory, trees, imageVersion } = this.#options;
    const family = shortHash(`${image}\n${rootUid}`);
    const name = `${family}-${shortHash(imageVersion?.(image) ?? '')}`;
    const tree = path.join(directory, name);
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    try {
      if (!existsSync(tree)) {
        const running = this.#inTheMaking.get(name) ?? this.#make(tree, image, rootUid);
        this.#inTheMaking.set(name, running);
        await running.finally(() => this.#inTheMaking.delete(name));
        await this.#removeEarlier(family, name);
      }
      await trees.clone(tree, target, 'writable');
    } finally {
      this.#uses.set(name, (this.#uses.get(name) ?? 1) - 1);
    }
  }

  async #make(tree: string, image: string, rootUid: number): Promise<void> {
    const { directory, trees, fill } = this.#options;
    await trees.remove(`${tree}.partial`);
    await trees.make(`${tree}.partial`);
    await fill(`${tree}.partial`, image, rootUid);
    await trees.flush(`${tree}.partial`);
    await rename(`${tree}.partial`, tree);
    await syncDirectory(directory);
  }

  async #removeEarlier(family: string, current: string): Promise<void> {
    const { directory, trees } = this.#options;
    const earlier = readdirSync(directory).filter((name) => {
      const tree = name.replace(/\.partial$/, '');
      return tree.startsWith(`${family}-`) && tree !== current && (this.#uses.get(tree) ?? 0) === 0;
    });
    if (earlier.length > 0) await trees.remove(...earlier.map((name) => path.join(directory, name)));
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
