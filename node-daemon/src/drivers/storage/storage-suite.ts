import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../outcome.ts';
import type { StorageDriver } from '../types.ts';
import { hashTree, storageCopiesSuite } from './storage-copies-suite.ts';

export type StorageUnderTest = {
  readonly storage: StorageDriver;
  /** A second one of the same kind, elsewhere: the other side of a copy. */
  readonly other: StorageDriver;
  /** Trees, data sets and mounts that exist of machines, staged and hidden ones included; images don't count. */
  readonly leftovers: () => Promise<string[]>;
  readonly close: () => Promise<void>;
};

export type StorageTraits = {
  /** Whether an incremental stream is smaller than a full one. */
  readonly incremental: boolean;
  /** Whether quotas are enforced. */
  readonly quota: boolean;
  /** Whether snapshots made after a restored one go with the restore. */
  readonly losesNewer: boolean;
};

/** Puts the content of the test image into an empty volume. */
export function fillTestImage(volume: string): void {
  mkdirSync(path.join(volume, 'root'));
  writeFileSync(path.join(volume, 'root', 'hello'), 'from the image');
  writeFileSync(path.join(volume, 'root', 'large'), randomBytes(1024 * 1024));
}

const image = 'test/1';

/** The promises that every storage driver keeps, whatever it is made of. */
export function storageSuite(
  name: string,
  traits: StorageTraits,
  open: () => Promise<StorageUnderTest>,
): void {
  storageCopiesSuite(name, traits, open);
  describe(`storage ${name}`, () => {
    let under: StorageUnderTest;
    let storage: StorageDriver;
    beforeAll(async () => {
      under = await open();
      storage = under.storage;
    });
    afterAll(() => under.close());

    const file = (id: string, fileName: string): string =>
      path.join(storage.volumePath(id), 'root', fileName);
    const write = (id: string, fileName: string, content: string): void =>
      writeFileSync(file(id, fileName), content);
    const read = (id: string, fileName: string): string => readFileSync(file(id, fileName), 'utf8');
    async function make(): Promise<string> {
      const id = randomBytes(12).toString('hex');
      need(await storage.createVolume({ containerId: id, image, rootUid: 0 }));
      return id;
    }
    async function snapshot(id: string, snapshotName: string, stateful = false): Promise<void> {
      need(await storage.stageSnapshot(id, snapshotName));
      need(await storage.publishSnapshot(id, snapshotName, stateful));
    }
    async function restore(id: string, snapshotName: string): Promise<readonly string[]> {
      need(await storage.stageRestore(id, snapshotName));
      need(await storage.swapRestore(id));
      return need(await storage.discardReplaced(id)).goneSnapshots;
    }

    test('a volume is a writable clone of its image; two of one image are independent', async () => {
      const [one, two] = [await make(), await make()];
      expect(read(one, 'hello')).toBe('from the image');
      write(one, 'hello', 'changed');
      expect(read(two, 'hello')).toBe('from the image');
      expect(await storage.hasVolume(one)).toBe(true);
      need(await storage.createVolume({ containerId: one, image, rootUid: 0 }));
      expect(read(one, 'hello')).toBe('changed');
      for (const id of [one, two]) need(await storage.deleteVolume(id));
      expect(await storage.hasVolume(one)).toBe(false);
    });

    test('a snapshot holds what was, is invisible until published, and can be made twice', async () => {
      const id = await make();
      write(id, 'state', 'one');
      need(await storage.stageSnapshot(id, 'first'));
      expect(await storage.snapshot(id, 'first')).toBeUndefined();
      write(id, 'state', 'two');
      const facts = need(await storage.publishSnapshot(id, 'first', true));
      expect(facts).toMatchObject({ name: 'first', stateful: true });
      expect(facts.size_bytes).toBeGreaterThan(900_000);
      expect(need(await storage.publishSnapshot(id, 'first', true))).toEqual(facts);
      expect(await storage.snapshot(id, 'first')).toEqual(facts);
      expect(readFileSync(path.join(storage.snapshotPath(id, 'first'), 'root', 'state'), 'utf8')).toBe('one');
      need(await storage.deleteVolume(id));
    });

    test('names that are no file names work, and don’t meet each other', async () => {
      const id = await make();
      for (const odd of ['../up', 'a/b', 'ü', 'x'.repeat(100), 'plain']) {
        write(id, 'state', odd);
        await snapshot(id, odd);
      }
      // The newest first: some lose what is newer than what they go back to.
      for (const odd of ['plain', 'x'.repeat(100), 'ü', 'a/b', '../up']) {
        await restore(id, odd);
        expect(read(id, 'state')).toBe(odd);
      }
      need(await storage.deleteVolume(id));
    });

    test('a restore goes back past newer snapshots and says which of them are gone', async () => {
      const id = await make();
      for (const step of ['one', 'two', 'three']) {
        write(id, 'state', step);
        await snapshot(id, step);
      }
      const gone = await restore(id, 'one');
      expect(read(id, 'state')).toBe('one');
      expect([...gone].toSorted()).toEqual(traits.losesNewer ? ['three', 'two'] : []);
      const left = (await storage.listSnapshots(id)).map((facts) => facts.name);
      expect(left).toEqual(traits.losesNewer ? ['one'] : ['one', 'two', 'three']);
      write(id, 'state', 'again');
      await restore(id, 'one');
      expect(read(id, 'state')).toBe('one');
      need(await storage.deleteVolume(id));
    });

    test('a restore that is taken back leaves the volume as it was; each step may be repeated', async () => {
      const id = await make();
      write(id, 'state', 'old');
      await snapshot(id, 's');
      write(id, 'state', 'new');
      for (let round = 0; round < 2; round += 1) need(await storage.stageRestore(id, 's'));
      for (let round = 0; round < 2; round += 1) need(await storage.swapRestore(id));
      expect(read(id, 'state')).toBe('old');
      for (let round = 0; round < 2; round += 1) need(await storage.unswapRestore(id));
      for (let round = 0; round < 2; round += 1) need(await storage.discardStagedRestore(id));
      expect(read(id, 'state')).toBe('new');
      expect(await storage.snapshot(id, 's')).toBeDefined();
      need(await storage.deleteVolume(id));
    });

    test('a clone lives on when its source and the snapshot that it came from are deleted', async () => {
      const [source, clone, second] = [await make(), randomId(), randomId()];
      write(source, 'state', 'shared');
      await snapshot(source, 's');
      write(source, 'state', 'later');
      need(await storage.cloneVolume({ source, snapshot: 's', target: clone }));
      need(await storage.cloneVolume({ source, snapshot: null, target: second }));
      need(await storage.deleteSnapshot(source, 's'));
      need(await storage.deleteVolume(source));
      expect(read(clone, 'state')).toBe('shared');
      expect(read(second, 'state')).toBe('later');
      write(clone, 'state', 'own');
      await snapshot(clone, 'mine');
      expect(await storage.hasVolume(source)).toBe(false);
      for (const id of [clone, second]) need(await storage.deleteVolume(id));
    });

    test('what is not there is refused by name and nothing is made', async () => {
      const id = await make();
      const target = randomId();
      const cloned = await storage.cloneVolume({ source: id, snapshot: 'none', target });
      expect(cloned.ok ? 'made' : cloned.failure.code).toBe('SNAPSHOT_NOT_FOUND');
      expect(await storage.hasVolume(target)).toBe(false);
      const sent = await storage.send({
        containerId: id,
        snapshot: 'none',
        base: null,
        into: new PassThrough(),
      });
      expect(sent.ok ? 'sent' : sent.failure.code).toBe('SNAPSHOT_NOT_FOUND');
      need(await storage.deleteSnapshot(id, 'none'));
      need(await storage.deleteVolume(id));
      need(await storage.deleteVolume(id));
    });

    test('used bytes grow with what is written and a quota bounds them where it can', async () => {
      const id = await make();
      const before = need(await storage.usage(id)).referencedBytes;
      const megabytes = 4 * 1024 * 1024;
      writeFileSync(file(id, 'grown'), randomBytes(megabytes), { flush: true });
      const grown = need(await storage.usage(id)).referencedBytes - before;
      expect(grown).toBeGreaterThanOrEqual(megabytes);
      expect(grown).toBeLessThan(megabytes * 1.1);
      const bound = need(await storage.setQuota(id, 16 * 1024 * 1024));
      expect(bound.enforced).toBe(traits.quota);
      if (traits.quota) {
        expect(() => writeFileSync(file(id, 'huge'), randomBytes(32 * 1024 * 1024), { flush: true })).toThrow(
          /EDQUOT|ENOSPC|unknown error/,
        );
        rmSync(file(id, 'huge'), { force: true });
        need(await storage.setQuota(id, null));
        writeFileSync(file(id, 'huge'), randomBytes(32 * 1024 * 1024), { flush: true });
      }
      need(await storage.deleteVolume(id));
    });

    test('a full and an incremental stream make the same content on the other side', async () => {
      const id = await make();
      await symlink('hello', file(id, 'link'));
      await snapshot(id, 'a');
      const full = await transfer(id, 'a', null);
      for (let round = 0; round < 5; round += 1) {
        write(id, `new-${round}`, `round ${round}`);
        rmSync(file(id, `new-${round - 1}`), { force: true });
        const [base, next] = [round === 0 ? 'a' : `r${round - 1}`, `r${round}`];
        await snapshot(id, next);
        const bytes = await transfer(id, next, base);
        if (traits.incremental) expect(bytes).toBeLessThan(full / 4);
        expect(hashTree(under.other.snapshotPath(id, next))).toBe(hashTree(storage.snapshotPath(id, next)));
      }
      const copy = randomId();
      need(await under.other.cloneVolume({ source: id, snapshot: 'r4', target: copy }));
      expect(readFileSync(path.join(under.other.volumePath(copy), 'root', 'new-4'), 'utf8')).toBe('round 4');
      for (const each of [id, copy]) need(await under.other.deleteVolume(each));
      need(await storage.deleteVolume(id));
    });

    test('a stream that breaks off leaves nothing, and can be sent again', async () => {
      const id = await make();
      await snapshot(id, 's');
      const broken = new PassThrough();
      const receiving = under.other.receive({
        containerId: id,
        snapshot: 's',
        stateful: false,
        sizeBytesMin: 0,
        stream: broken,
      });
      broken.write(randomBytes(512));
      broken.end();
      expect((await receiving).ok).toBe(false);
      expect(await under.other.snapshot(id, 's')).toBeUndefined();
      await transfer(id, 's', null);
      expect(await under.other.snapshot(id, 's')).toBeDefined();
      for (const side of [storage, under.other]) need(await side.deleteVolume(id));
    });

    test('what can’t fit is refused before anything is written', async () => {
      const id = randomId();
      const sizeBytesMin = (await storage.freeBytes()) + 1;
      const stream = new PassThrough();
      const refused = await storage.receive({
        containerId: id,
        snapshot: 's',
        stateful: false,
        sizeBytesMin,
        stream,
      });
      expect(refused.ok ? 'received' : refused.failure.code).toBe('CAPACITY_EXCEEDED');
      expect(await storage.snapshot(id, 's')).toBeUndefined();
      need(await storage.deleteVolume(id));
    });

    test('nothing is left of all this', async () => {
      expect(await storage.listVolumes()).toEqual([]);
      expect(await under.leftovers()).toEqual([]);
    });

    async function transfer(containerId: string, snapshotName: string, base: string | null): Promise<number> {
      const stream = new PassThrough();
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      stream.pause();
      const [sent, received] = await Promise.all([
        storage.send({ containerId, snapshot: snapshotName, base, into: stream }),
        under.other.receive({
          containerId,
          snapshot: snapshotName,
          stateful: false,
          base,
          sizeBytesMin: 0,
          stream,
        }),
      ]);
      need(sent);
      need(received);
      return bytes;
    }
  });
}

function randomId(): string {
  return randomBytes(12).toString('hex');
}

function need<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}
