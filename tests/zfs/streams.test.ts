import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { hashTree } from '../../node-daemon/src/drivers/storage/storage-copies-suite.ts';
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

describe('a stream that breaks off', () => {
  const [one, two] = [openZfsSide('one'), openZfsSide('two')];
  afterAll(() => [one, two].forEach((side) => side.close()));

  type Sending = { snapshot: string; base?: string; resume?: string | null };
  /** What the sender sends. */
  async function record(id: string, { snapshot, base, resume = null }: Sending): Promise<Buffer> {
    const into = new PassThrough();
    const [bytes, sent] = await Promise.all([
      buffer(into),
      one.storage.send({ containerId: id, snapshot, base: base ?? null, resume, into }),
    ]);
    need(sent);
    return bytes;
  }
  function receive(id: string, { snapshot, base, resume }: Sending, stream: Readable) {
    return two.storage.receive({
      containerId: id,
      snapshot,
      stateful: false,
      base: base ?? null,
      resume: resume ?? null,
      sizeBytesMin: 0,
      stream,
    });
  }
  /** Sends the first mebibyte of a stream only; gives from where it can go on. */
  async function cut(id: string, sending: Sending, ending: Ending, sent?: Buffer): Promise<string> {
    const stream = sent ?? (await record(id, sending));
    expect(stream.length).toBeGreaterThan(mebibyte);
    const ended = await receive(id, sending, endings[ending](stream.subarray(0, mebibyte)));
    expect(ended.ok).toBe(false);
    expect(await two.storage.snapshot(id, sending.snapshot)).toBeUndefined();
    const token = await two.storage.resumeToken(id);
    if (token === null) throw new Error('Nothing of it was kept.');
    return token;
  }
  async function change(id: string, megabytes: number, snapshot: string): Promise<void> {
    const content = randomBytes(megabytes * mebibyte);
    writeFileSync(path.join(one.storage.volumePath(id), 'root', 'content'), content);
    need(await one.storage.stageSnapshot(id, snapshot));
    need(await one.storage.publishSnapshot(id, snapshot, false));
  }
  async function make(): Promise<string> {
    const containerId = randomId();
    need(await one.storage.createVolume({ containerId, image: 'test/1', rootUid: 0 }));
    return containerId;
  }
  async function remove(id: string): Promise<void> {
    for (const side of [one, two]) {
      need(await side.storage.deleteVolume(id));
      expect(side.leftovers()).toEqual([]);
    }
  }
  const isTheSame = (id: string, snapshot: string): boolean =>
    hashTree(two.storage.snapshotPath(id, snapshot)) === hashTree(one.storage.snapshotPath(id, snapshot));

  it.each(['ends too early', 'fails'] as const)(
    'goes on where it broke off, whole or an increment, when it %s',
    async (ending) => {
      const id = await make();
      for (const sending of [{ snapshot: 'a' }, { snapshot: 'b', base: 'a' }]) {
        await change(id, 3, sending.snapshot);
        const whole = await record(id, sending);
        const first = await cut(id, sending, ending, whole);
        const rest = { ...sending, resume: first };
        const second = await cut(id, rest, ending);
        expect(second).not.toBe(first);
        const last = await record(id, { ...sending, resume: second });
        expect(last.length).toBeLessThan(whole.length - 1.5 * mebibyte);
        need(await receive(id, { ...sending, resume: second }, Readable.from([last])));
        expect(isTheSame(id, sending.snapshot)).toBe(true);
        expect(await two.storage.resumeToken(id)).toBeNull();
      }
      await remove(id);
    },
  );

  it('can be begun anew, also as another one; its half is dropped', async () => {
    const id = await make();
    await change(id, 2, 'a');
    await cut(id, { snapshot: 'a' }, 'fails');
    need(await receive(id, { snapshot: 'a' }, Readable.from([await record(id, { snapshot: 'a' })])));
    await change(id, 2, 'b');
    await change(id, 2, 'c');
    await cut(id, { snapshot: 'b', base: 'a' }, 'fails');
    const increment = { snapshot: 'c', base: 'a' };
    need(await receive(id, increment, Readable.from([await record(id, increment)])));
    expect(isTheSame(id, 'a') && isTheSame(id, 'c')).toBe(true);
    expect(await two.storage.resumeToken(id)).toBeNull();
    expect(await two.storage.snapshot(id, 'b')).toBeUndefined();
    await remove(id);
  });

  it('beside what is here already goes on there, or is begun anew; what is here stays until it is whole', async () => {
    const id = await make();
    await change(id, 2, 'a');
    need(await receive(id, { snapshot: 'a' }, Readable.from([await record(id, { snapshot: 'a' })])));
    await change(id, 2, 'b');
    await cut(id, { snapshot: 'b' }, 'fails');
    expect(isTheSame(id, 'a')).toBe(true);
    const resume = await cut(id, { snapshot: 'b' }, 'ends too early');
    expect(isTheSame(id, 'a')).toBe(true);
    const rest = await record(id, { snapshot: 'b', resume });
    need(await receive(id, { snapshot: 'b', resume }, Readable.from([rest])));
    expect(isTheSame(id, 'b')).toBe(true);
    expect((await two.storage.listSnapshots(id)).map(({ name }) => name)).toEqual(['b']);
    await remove(id);
  });

  it('is begun anew when all of it had come and nobody said that it is whole', async () => {
    const id = await make();
    for (const sending of [{ snapshot: 'a' }, { snapshot: 'b', base: 'a' }]) {
      await change(id, 1, sending.snapshot);
      const whole = await record(id, sending);
      expect((await receive(id, sending, endings.fails(whole))).ok).toBe(false);
      expect(await two.storage.snapshot(id, sending.snapshot)).toBeUndefined();
      expect(await two.storage.resumeToken(id)).toBeNull();
      need(await receive(id, sending, Readable.from([whole])));
      expect(isTheSame(id, sending.snapshot)).toBe(true);
    }
    await remove(id);
  });

  it('leaves nothing once its machine is deleted', async () => {
    const id = await make();
    await change(id, 2, 'a');
    await cut(id, { snapshot: 'a' }, 'fails');
    expect(await two.storage.listVolumes()).toEqual([id]);
    need(await two.storage.deleteVolume(id));
    expect(two.leftovers()).toEqual([]);
    need(await receive(id, { snapshot: 'a' }, Readable.from([await record(id, { snapshot: 'a' })])));
    await change(id, 2, 'b');
    await cut(id, { snapshot: 'b', base: 'a' }, 'fails');
    await remove(id);
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

const mebibyte = 1024 ** 2;

/** How the beginning of a stream comes to its end. */
const endings = {
  'ends too early': (start: Buffer): Readable => Readable.from([start]),
  fails: (start: Buffer): Readable =>
    Readable.from(
      (function* () {
        yield start;
        throw new Error('The connection broke off.');
      })(),
    ),
};
type Ending = keyof typeof endings;

function randomId(): string {
  return randomBytes(12).toString('hex');
}

function need<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}
