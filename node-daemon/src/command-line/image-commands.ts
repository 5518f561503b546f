import { buildableImages, buildImage, importImage } from '../drivers/images/image-builder.ts';
import { ImageStore } from '../drivers/images/image-store.ts';
import { describeError } from '../outcome.ts';

export type ImageCommand = {
  readonly imagesDir: string;
  /** What follows `image`: `list`, `build NAME`, `import NAME FILE`. */
  readonly words: readonly string[];
};

/** `node-daemon image …`: lists, builds or imports images. Gives the exit code. */
export async function runImageCommand({ imagesDir, words }: ImageCommand): Promise<number> {
  const store = new ImageStore(imagesDir);
  const [action, name, archive, ...rest] = words;
  if (action === 'list' && name === undefined) {
    const lines = store
      .list()
      .map((image) => `${image.name}\t${image.serial}\t${image.size_bytes}\t${image.description}`);
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return 0;
  }
  const builds = action === 'build' && name !== undefined && archive === undefined;
  const imports = action === 'import' && name !== undefined && archive !== undefined && rest.length === 0;
  if (!builds && !imports) {
    process.stderr.write(
      `image takes: list | build NAME | import NAME FILE\nbuild knows: ${buildableImages.join(', ')}\n`,
    );
    return 2;
  }
  if (process.geteuid?.() !== 0) {
    process.stderr.write('Images are made by root only: their files get the owners that machines have.\n');
    return 1;
  }
  try {
    const image = builds
      ? await buildImage(store, name, (line) => process.stderr.write(`${line}\n`))
      : await importImage(store, name, archive ?? '');
    process.stdout.write(`${image.name} (${image.serial}), ${image.size_bytes} bytes, in ${imagesDir}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return 1;
  }
}
