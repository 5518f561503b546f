import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../node-daemon/src/outcome.ts';
import { openZfsSide, zfs, type ZfsSide } from './support/zfs-side.ts';

describe('streams between two pools', () => {
  const [one, two] = [openZfsSide('one'), openZfsSide('two')];
  afterAll(() => [one, two].forEach((side) => side.close()));

  const file = (side: ZfsSide, id: string, name: string): string =>
    path.join(side.storage.volumePath(id), 'root', name);
  async function make(): Promise<string> {
    const containerId = randomId();
    need(await one.storage.createVolume({ containerId, image: 'test/1', rootUid: 0 }));
    return containerId;
  }
  async function snapshot(side: ZfsSide, id: string, name: string): Promise<void> {
    need(await side.storage.stageSnapshot(id, name));
    need(await side.storage.publishSnapshot(id, name, false));
  }
  function receive(id: string, name: string, stream: Readable) {
    return two.storage.receive({
      containerId: id,
      snapshot: name,
      stateful: false,
      base: null,
      sizeBytesMin: 0,
      stream,
    });
  }
  async function sendWhole(id: string, name: string): Promise<void> {
    const stream = new PassThrough();
    const sending = one.storage.send({ containerId: id, snapshot: name, base: null, into: stream });
    need(await receive(id, name, stream));
    need(await sending);
  }
  const received = (id: string, name: string): Buffer =>
    readFileSync(path.join(two.storage.snapshotPath(id, name), 'root', 'content'));

  it('that hold everything take the place of what was received before; what was made of that lives on', async () => {
    const id = await make();
    writeFileSync(file(one, id, 'content'), 'first');
    await snapshot(one, id, 'a');
    await sendWhole(id, 'a');
    need(await two.storage.cloneVolume({ source: id, snapshot: 'a', target: id }));
    await snapshot(two, id, 'own');
    writeFileSync(file(one, id, 'content'), 'second');
    await snapshot(one, id, 'b');
    await sendWhole(id, 'b');
    expect(received(id, 'b').toString()).toBe('second');
    expect(readFileSync(file(two, id, 'content'), 'utf8')).toBe('first');
    expect((await two.storage.listSnapshots(id)).map(({ name }) => name).toSorted()).toEqual(['b', 'own']);
    need(await two.storage.stageRestore(id, 'b'));
    need(await two.storage.swapRestore(id));
    need(await two.storage.discardReplaced(id));
    expect(readFileSync(file(two, id, 'content'), 'utf8')).toBe('second');
    for (const side of [one, two]) need(await side.storage.deleteVolume(id));
  });
});

describe('a deleted machine', () => {
  const side = openZfsSide('one');
  afterAll(() => side.close());

  it('leaves no snapshot in its clones but those that other clones need, and those go with them', async () => {
    const { storage } = side;
    const [source, clone, last] = [randomId(), randomId(), randomId()];
    need(await storage.createVolume({ containerId: source, image: 'test/1', rootUid: 0 }));
    for (const name of ['a', 'b', 'c']) {
      need(await storage.stageSnapshot(source, name));
      need(await storage.publishSnapshot(source, name, false));
    }
    need(await storage.cloneVolume({ source, snapshot: 'b', target: clone }));
    need(await storage.cloneVolume({ source, snapshot: 'a', target: last }));
    need(await storage.deleteVolume(source));
    const snapshots = (): string[] =>
      zfs('list', '-H', '-r', '-t', 'snapshot', '-o', 'name', `${side.parent}/volumes`);
    // `last` still stands on what was snapshot a, by another name.
    expect(snapshots()).toEqual([expect.stringContaining(`${source}-a-gone-`)]);
    expect(await storage.listSnapshots(clone)).toEqual([]);
    need(await storage.deleteVolume(last));
    expect(snapshots()).toEqual([]);
    need(await storage.deleteVolume(clone));
    expect(side.leftovers()).toEqual([]);
  });
});

function randomId(): string {
  return randomBytes(12).toString('hex');
}

function need<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}
