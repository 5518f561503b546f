import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryTrees } from './directory/directory-trees.ts';
import { ImageTrees } from './image-trees.ts';

describe('images as trees', () => {
  let folder: string;
  let versions: Record<string, string>;
  let fills: string[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'image-trees-'));
    mkdirSync(path.join(folder, 'clones'));
    versions = { one: 'a', two: 'a' };
    fills = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (): ImageTrees =>
    new ImageTrees({
      directory: path.join(folder, 'images'),
      trees: new DirectoryTrees(),
      imageVersion: (image) => versions[image] ?? '',
      fill: (volume, image, rootUid) => {
        if (image === 'broken') throw new Error('It can’t be unpacked.');
        fills.push(image);
        writeFileSync(path.join(volume, 'content'), `${image} ${versions[image]} ${rootUid}`);
      },
    });
  const clonePath = (name: string): string => path.join(folder, 'clones', name);
  const contentOf = (name: string): string => readFileSync(path.join(clonePath(name), 'content'), 'utf8');
  const kept = (): string[] => readdirSync(path.join(folder, 'images'));

  it('are made once, also by many at once and by the next daemon', async () => {
    const images = open();
    await Promise.all(['1', '2', '3'].map((name) => images.clone('one', 0, clonePath(name))));
    await open().clone('one', 0, clonePath('4'));
    expect(fills).toEqual(['one']);
    expect(['1', '4'].map(contentOf)).toEqual(['one a 0', 'one a 0']);
  });

  it('go when the image has another content, and only then; what was made of them stays', async () => {
    const images = open();
    await images.clone('one', 0, clonePath('old'));
    await images.clone('one', 1000, clonePath('of another owner'));
    await images.clone('two', 0, clonePath('of another image'));
    expect(kept()).toHaveLength(3);
    versions['one'] = 'b';
    await images.clone('one', 0, clonePath('new'));
    expect(kept()).toHaveLength(3);
    expect(['old', 'new'].map(contentOf)).toEqual(['one a 0', 'one b 0']);
    await images.clone('one', 1000, clonePath('another new'));
    expect(kept()).toHaveLength(3);
    await images.clone('two', 0, clonePath('again'));
    expect(fills).toEqual(['one', 'one', 'two', 'one', 'one']);
  });

  it('are not half there when they can’t be made, and can be made later', async () => {
    const images = open();
    await expect(images.clone('broken', 0, clonePath('1'))).rejects.toThrow('unpacked');
    expect(kept().every((name) => name.endsWith('.partial'))).toBe(true);
    await images.clone('one', 0, clonePath('2'));
    expect(contentOf('2')).toBe('one a 0');
  });
});
