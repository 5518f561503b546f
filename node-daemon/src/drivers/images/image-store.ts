import { HostImage } from '@control-plane/contract/link';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { writeFileDurably } from '../../durable-file.ts';
import { isImageName, partsOf } from './image-name.ts';

const run = promisify(execFile);

/** The default of a host is the first of these that it has; without any, the first of all. */
const preferred = ['debian/13', 'debian/12'];

/** Where a host keeps its images: NODE_DAEMON_IMAGES_DIR, else beside the machines of an installed daemon. */
export function imagesDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['NODE_DAEMON_IMAGES_DIR'] || '/var/lib/node-daemon/images';
}

/**
 * Images as directories: `NAME/root` is the tree, owned by the host ids that are 0 to 65535 inside a
 * machine, so that a copy of it is a machine's disk as it stands; `NAME/image.json` says what it is.
 * Complete or not there: an image is built beside and put in its place in one step.
 */
export class ImageStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** All images, the default marked. */
  list(): HostImage[] {
    const images = this.#names().flatMap((name) => this.#read(name) ?? []);
    const byPreference = [...preferred, ...images.map((image) => image.name)];
    const defaultName = byPreference.find((name) => images.some((image) => image.name === name));
    return images.map((image) => ({ ...image, is_default: image.name === defaultName }));
  }

  /** The tree of an image; undefined when there is none of that name. */
  rootOf(name: string): string | undefined {
    if (!isImageName(name) || this.#read(name) === undefined) return undefined;
    return path.join(this.#pathOf(name), 'root');
  }

  /**
   * Adds an image, or replaces the one of its name: `fill` puts its tree into an empty directory. Rejects
   * with what `fill` rejects with, and then changes nothing.
   */
  async add(name: string, description: string, fill: (root: string) => Promise<void>): Promise<HostImage> {
    if (!isImageName(name)) throw new Error(`“${name}” can’t be the name of an image.`);
    mkdirSync(this.directory, { recursive: true, mode: 0o711 });
    const partial = mkdtempSync(path.join(this.directory, '.partial-'));
    // The tree in it is filled by a root that is mapped, and has to pass through.
    chmodSync(partial, 0o711);
    try {
      const root = path.join(partial, 'root');
      mkdirSync(root, { mode: 0o755 });
      await fill(root);
      const image = await describe(name, description, root);
      writeFileDurably(path.join(partial, 'image.json'), JSON.stringify(image, null, 2));
      await run('sync', ['--file-system', partial]);
      const target = this.#pathOf(name);
      const replaced = `${partial}.replaced`;
      if (existsSync(target)) renameSync(target, replaced);
      renameSync(partial, target);
      rmSync(replaced, { recursive: true, force: true });
      return image;
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }

  #names(): string[] {
    if (!existsSync(this.directory)) return [];
    return readdirSync(this.directory)
      .map((entry) => entry.replace('+', '/'))
      .filter(isImageName)
      .toSorted();
  }

  #read(name: string): HostImage | undefined {
    try {
      const text = readFileSync(path.join(this.#pathOf(name), 'image.json'), 'utf8');
      return HostImage().safeParse(JSON.parse(text)).data;
    } catch {
      return undefined;
    }
  }

  #pathOf(name: string): string {
    return path.join(this.directory, name.replace('/', '+'));
  }
}

async function describe(name: string, description: string, root: string): Promise<HostImage> {
  const { stdout } = await run('du', ['-sx', '--block-size=1', root]);
  return {
    name,
    ...partsOf(name),
    variant: null,
    architecture: os.arch() === 'x64' ? 'x86_64' : os.arch() === 'arm64' ? 'aarch64' : os.arch(),
    serial: new Date().toISOString().replace(/[-:T]/g, '').slice(0, 12),
    size_bytes: Number.parseInt(stdout, 10),
    description,
    is_default: false,
  };
}
