import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../outcome.ts';
import { patience } from '../../testing/wait-for.ts';
import type { StorageDriver } from '../types.ts';
import type { StorageTraits, StorageUnderTest } from './storage-suite.ts';

const syncRounds = 30;
const timeoutMs = 300_000 * patience;

/** What copies and syncs need of a storage driver, apart from how the stream gets to the other side. */
export function storageCopiesSuite(
  name: string,
  traits: StorageTraits,
  open: () => Promise<StorageUnderTest>,
): void {
  describe(`copies on storage ${name}`, () => {
    let under: StorageUnderTest;
    let storage: StorageDriver;
    let other: StorageDriver;
    beforeAll(async () => {
      under = await open();
      ({ storage, other } = under);
    });
    afterAll(() => under.close());

    const rootOf = (side: StorageDriver, id: string): string => path.join(side.volumePath(id), 'root');
    async function make(): Promise<string> {
      const id = randomBytes(12).toString('hex');
      need(await storage.createVolume({ containerId: id, image: 'test/1', rootUid: 0 }));
      return id;
    }
    async function hold(side: StorageDriver, id: string, snapshot: string): Promise<void> {
      need(await side.stageSnapshot(id, snapshot));
      need(await side.publishSnapshot(id, snapshot, false));
    }
    async function transfer(
      source: string,
      target: string,
      snapshot: string,
      base: string | null,
    ): Promise<number> {
      const stream = new PassThrough();
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      stream.pause();
      const createdAt = '2026-01-01T00:00:00.000Z';
      const [sent, received] = await Promise.all([
        storage.send({ containerId: source, snapshot, base, into: stream }),
        other.receive({
          containerId: target,
          snapshot,
          stateful: false,
          createdAt,
          base,
          sizeBytesMin: 0,
          stream,
        }),
      ]);
      need(sent);
      expect(need(received)).toMatchObject({ name: snapshot, created_at: createdAt });
      return bytes;
    }
    async function swapIn(side: StorageDriver, id: string, point: string, from?: string): Promise<void> {
      need(await side.stageRestore(id, point, from));
      expect(existsSync(side.stagedPath(id))).toBe(true);
      need(await side.swapRestore(id));
      need(await side.discardReplaced(id));
    }

    test('copy points are in no list of snapshots, and can be used like them', async () => {
      const [id, point] = [await make(), pointName()];
      writeFileSync(path.join(rootOf(storage, id), 'state'), 'held');
      await hold(storage, id, 'plain');
      await hold(storage, id, point);
      writeFileSync(path.join(rootOf(storage, id), 'state'), 'later');
      expect((await storage.listSnapshots(id)).map((facts) => facts.name)).toEqual(['plain']);
      expect(await storage.listCopyPoints(id)).toEqual([point]);
      expect(await storage.snapshot(id, point)).toMatchObject({ name: point });
      const copy = randomBytes(12).toString('hex');
      need(await storage.cloneVolume({ source: id, snapshot: point, target: copy }));
      expect(readFileSync(path.join(rootOf(storage, copy), 'state'), 'utf8')).toBe('held');
      need(await storage.deleteSnapshot(id, point));
      expect(await storage.listCopyPoints(id)).toEqual([]);
      for (const each of [id, copy]) need(await storage.deleteVolume(each));
    });

    test('a copy point of a snapshot outlives it, and so does a snapshot that went along to a copy', async () => {
      const [id, copy, point] = [await make(), randomBytes(12).toString('hex'), pointName()];
      writeFileSync(path.join(rootOf(storage, id), 'state'), 'then');
      await hold(storage, id, 'old');
      writeFileSync(path.join(rootOf(storage, id), 'state'), 'now');
      const facts = need(
        await storage.copySnapshot({ source: id, snapshot: 'old', target: id, name: point }),
      );
      const old = await storage.snapshot(id, 'old');
      expect(facts).toMatchObject({ name: point, created_at: old?.created_at });
      expect(
        need(await storage.copySnapshot({ source: id, snapshot: 'old', target: id, name: point })),
      ).toEqual(facts);
      need(await storage.copySnapshot({ source: id, snapshot: 'old', target: copy, name: 'old' }));
      expect(await storage.snapshot(copy, 'old')).toMatchObject({ created_at: old?.created_at });
      need(await storage.deleteSnapshot(id, 'old'));
      expect(await storage.snapshot(id, 'old')).toBeUndefined();
      expect(await storage.listSnapshots(id)).toEqual([]);
      need(await storage.cloneVolume({ source: id, snapshot: point, target: copy }));
      expect(readFileSync(path.join(rootOf(storage, copy), 'state'), 'utf8')).toBe('then');
      need(await storage.deleteSnapshot(id, point));
      expect(await storage.listCopyPoints(id)).toEqual([]);
      writeFileSync(path.join(rootOf(storage, copy), 'state'), 'own');
      await swapIn(storage, copy, 'old');
      expect(readFileSync(path.join(rootOf(storage, copy), 'state'), 'utf8')).toBe('then');
      const gone = await storage.copySnapshot({ source: id, snapshot: 'old', target: id, name: pointName() });
      expect(gone.ok ? 'copied' : gone.failure.code).toBe('SNAPSHOT_NOT_FOUND');
      for (const each of [id, copy]) need(await storage.deleteVolume(each));
    });

    test('a copy on the same host takes the content of its source over and over', async () => {
      const [id, copy] = [await make(), randomBytes(12).toString('hex')];
      let base: string | undefined;
      for (let round = 0; round < 3; round += 1) {
        writeFileSync(path.join(rootOf(storage, id), 'state'), `round ${round}`);
        const point = pointName();
        await hold(storage, id, point);
        if (base === undefined)
          need(await storage.cloneVolume({ source: id, snapshot: point, target: copy }));
        else await swapIn(storage, copy, point, id);
        expect(readFileSync(path.join(rootOf(storage, copy), 'state'), 'utf8')).toBe(`round ${round}`);
        writeFileSync(path.join(rootOf(storage, copy), 'own'), 'is gone with the next round');
        need(await storage.keepAsBase(id, point));
        if (base !== undefined) need(await storage.deleteSnapshot(id, base));
        base = point;
      }
      expect(await storage.listCopyPoints(id)).toEqual([base]);
      need(await storage.deleteVolume(id));
      expect(readFileSync(path.join(rootOf(storage, copy), 'state'), 'utf8')).toBe('round 2');
      need(await storage.deleteVolume(copy));
    });

    test(
      `${syncRounds} incremental rounds, with snapshots made and deleted on both sides, keep the copy the same`,
      async () => {
        const random = seeded(20_261);
        const [id, copy] = [await make(), randomBytes(12).toString('hex')];
        let base: string | null = null;
        let full = 0;
        for (let round = 0; round < syncRounds; round += 1) {
          changeTree(rootOf(storage, id), random, round);
          await disturb(storage, id, random, `s${round}`);
          const point = pointName();
          await hold(storage, id, point);
          await disturb(storage, id, random, `t${round}`);
          const bytes = await transfer(id, copy, point, base);
          if (base === null) {
            full = bytes;
            need(await other.cloneVolume({ source: copy, snapshot: point, target: copy }));
          } else {
            if (traits.incremental) expect(bytes).toBeLessThan(full / 4);
            await swapIn(other, copy, point);
          }
          expect(hashTree(rootOf(other, copy))).toBe(
            hashTree(path.join(storage.snapshotPath(id, point), 'root')),
          );
          need(await storage.keepAsBase(id, point));
          need(await other.keepAsBase(copy, point));
          for (const side of [
            [storage, id],
            [other, copy],
          ] as const) {
            if (base !== null) need(await side[0].deleteSnapshot(side[1], base));
            expect(await side[0].listCopyPoints(side[1])).toEqual([point]);
          }
          base = point;
          writeFileSync(path.join(rootOf(other, copy), 'own'), `the copy’s own ${round}`);
          await disturb(other, copy, random, `u${round}`);
        }
        need(await storage.deleteVolume(id));
        need(await other.deleteVolume(copy));
      },
      timeoutMs,
    );

    test('an increment onto a side that has not its base is refused and changes nothing', async () => {
      const [id, copy] = [await make(), randomBytes(12).toString('hex')];
      const [first, second] = [pointName(), pointName()];
      await hold(storage, id, first);
      await hold(storage, id, second);
      need(await storage.deleteSnapshot(id, first));
      const into = new PassThrough();
      const sent = await storage.send({ containerId: id, snapshot: second, base: first, into });
      expect(sent.ok ? 'sent' : sent.failure.code).toBe('SNAPSHOT_NOT_FOUND');
      expect(await other.listCopyPoints(copy)).toEqual([]);
      need(await storage.deleteVolume(id));
    });

    test('nothing is left of all this', async () => {
      expect(await storage.listVolumes()).toEqual([]);
      expect(await under.leftovers()).toEqual([]);
    });
  });
}

/** Now and then makes a snapshot, now and then deletes one. */
async function disturb(side: StorageDriver, id: string, random: () => number, name: string): Promise<void> {
  if (random() < 0.4) {
    need(await side.stageSnapshot(id, name));
    need(await side.publishSnapshot(id, name, false));
  }
  const names = (await side.listSnapshots(id)).map((facts) => facts.name);
  const victim = names[Math.floor(random() * names.length)];
  if (random() < 0.5 && victim !== undefined) need(await side.deleteSnapshot(id, victim));
}

/** Adds, changes, renames and removes some files. */
function changeTree(root: string, random: () => number, round: number): void {
  const directory = path.join(root, `directory-${Math.floor(random() * 4)}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, `file-${round}`), randomBytes(1 + Math.floor(random() * 20_000)));
  const names = readdirSync(directory);
  const pick = (): string => path.join(directory, names[Math.floor(random() * names.length)] ?? '');
  if (random() < 0.5) writeFileSync(pick(), `changed in round ${round}`);
  if (random() < 0.3) renameSync(pick(), path.join(directory, `renamed-${round}`));
  if (random() < 0.3) rmSync(pick(), { force: true, recursive: true });
}

/** Numbers in [0, 1) that are the same in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pointName(): string {
  return `copy-${randomBytes(12).toString('hex')}`;
}

function need<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}

/** One hash over names, kinds, modes, owners and contents of a tree. */
export function hashTree(directory: string): string {
  const hash = createHash('sha256');
  const add = (relative: string): void => {
    const absolute = path.join(directory, relative);
    const stats = lstatSync(absolute);
    hash.update(`${relative}\0${stats.mode}\0${stats.uid}\0`);
    if (stats.isSymbolicLink()) hash.update(readlinkSync(absolute));
    else if (stats.isFile()) hash.update(readFileSync(absolute));
    else if (stats.isDirectory())
      for (const name of readdirSync(absolute).toSorted()) add(path.join(relative, name));
  };
  if (existsSync(directory)) add('.');
  return hash.digest('hex');
}
