import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMirror } from './build-debian.ts';
import { resolverText } from './fill-from-image.ts';
import { isImageName } from './image-name.ts';
import { ImageStore, imagesDirectory } from './image-store.ts';

describe('the image store', () => {
  let store: ImageStore;
  beforeEach(() => {
    store = new ImageStore(mkdtempSync(path.join(os.tmpdir(), 'images-')));
  });
  afterEach(() => rmSync(store.directory, { recursive: true, force: true }));
  const add = (name: string, content = 'x') =>
    store.add(name, 'for a test', async (root) => writeFileSync(path.join(root, 'file'), content));

  it('lists what it has and marks one as default, Debian before others', async () => {
    await add('busybox');
    expect(store.list()).toMatchObject([{ name: 'busybox', os: 'busybox', is_default: true }]);
    await add('debian/12');
    await add('debian/13');
    const defaults = store.list().filter((image) => image.is_default);
    expect(defaults).toMatchObject([{ name: 'debian/13', os: 'debian', release: '13' }]);
  });

  it('replaces an image whole, and keeps the old one when the new one fails', async () => {
    await add('busybox', 'old');
    const failing = store.add('busybox', 'for a test', async () => {
      throw new Error('no room');
    });
    await expect(failing).rejects.toThrow('no room');
    expect(existsSync(path.join(store.rootOf('busybox') ?? '', 'file'))).toBe(true);
    await add('busybox', 'new');
    expect(readdirSync(store.directory)).toEqual(['busybox']);
  });

  it('knows no image that is damaged or has another name', async () => {
    await add('busybox');
    writeFileSync(path.join(store.directory, 'busybox/image.json'), '{');
    expect(store.list()).toEqual([]);
    expect(store.rootOf('busybox')).toBeUndefined();
    expect(store.rootOf('../busybox')).toBeUndefined();
    await expect(add('../../etc')).rejects.toThrow('name of an image');
  });
});

it.each([
  ['debian/13', true],
  ['busybox', true],
  ['Debian/13', false],
  ['a/b/c', false],
  ['../x', false],
  ['', false],
])('“%s” as an image name: %s', (name, valid) => expect(isImageName(name)).toBe(valid));

it('the images are where the operator says, else with an installed daemon', () => {
  expect(imagesDirectory({ NODE_DAEMON_IMAGES_DIR: '/images' })).toBe('/images');
  expect(imagesDirectory({ NODE_DAEMON_IMAGES_DIR: '' })).toBe('/var/lib/node-daemon/images');
});

it.each([
  ['Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie', 'http://mirror.example/debian'],
  ['deb [signed-by=/k] https://mirror.example/debian/ trixie main', 'https://mirror.example/debian/'],
  ['# deb http://mirror.example/debian x\ndeb http://mirror.example/debian-security x', undefined],
])('the mirror of an apt source file is found', (text, mirror) => expect(parseMirror(text)).toBe(mirror));

it('a resolver that only the host reaches is not given to machines', () => {
  const text = 'nameserver 127.0.0.53\nnameserver 192.0.2.7\n# note\nsearch example.org\n';
  expect(resolverText(text)).toBe('nameserver 192.0.2.7\nsearch example.org\n');
});
