import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryStorage } from '../drivers/storage/directory-storage.ts';
import { fillTestImage } from '../drivers/storage/storage-suite.ts';
import { FrameReader, StreamSender, writeMessage } from './frames.ts';
import type { Request } from './messages.ts';
import { receiveCopy } from './receive-copy.ts';

const id = 'a'.repeat(24);
const point = `copy-${'b'.repeat(24)}`;
const request: Request = {
  type: 'request',
  version: 1,
  session: 'c'.repeat(32),
  ticket: 'ticket',
  container_id: id,
  copy_point: point,
  have: [],
  resume_token: null,
};
const item = {
  type: 'item',
  name: point,
  stateful: false,
  size_bytes: 10,
  created_at: '2026-01-01T00:00:00.000Z',
  base: null,
  resumed: false,
};

describe('what a source sends', () => {
  let directory: string;
  let storage: DirectoryStorage;
  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'receive-copy-'));
    storage = new DirectoryStorage({ directory, fill: fillTestImage });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** The outcome of a transfer in which `source` plays the other side, as `CODE: message`. */
  async function take(source: (connection: Duplex) => Promise<void>): Promise<string> {
    const [near, far] = duplexPair();
    const playing = (async () => {
      await new FrameReader(far).next();
      await source(far);
      far.end();
    })().catch(() => undefined);
    const outcome = await receiveCopy({
      connection: near,
      storage,
      containerId: id,
      request,
      onGranted: () => undefined,
      onBytes: () => undefined,
      onStored: () => undefined,
    }).finally(() => near.destroy());
    await playing;
    return outcome.ok ? 'taken' : `${outcome.failure.code}: ${outcome.failure.message}`;
  }
  const published = (): string[] => {
    const snapshots = path.join(directory, 'snapshots', id);
    return existsSync(snapshots) ? readdirSync(snapshots) : [];
  };
  async function sendItem(connection: Duplex, change: (sha256: string) => string): Promise<void> {
    await writeMessage(connection, { type: 'granted', bytes_total: null });
    await writeMessage(connection, item);
    const into = new StreamSender(connection);
    const source = 'd'.repeat(24);
    await storage.createVolume({ containerId: source, image: 'i', rootUid: 0 });
    await storage.stageSnapshot(source, 's');
    await storage.publishSnapshot(source, 's', false);
    await storage.send({ containerId: source, snapshot: 's', base: null, into });
    await writeMessage(connection, { type: 'item-end', bytes: into.bytes, sha256: change(into.digest()) });
    await writeMessage(connection, { type: 'end' });
  }

  it('is published with the facts that it had, when its hash is right', async () => {
    expect(await take((connection) => sendItem(connection, (sha256) => sha256))).toBe('taken');
    expect(await storage.snapshot(id, point)).toMatchObject({ created_at: item.created_at });
  });

  it('is not published when its hash is wrong', async () => {
    const wrong = await take((connection) => sendItem(connection, () => randomBytes(32).toString('hex')));
    expect(wrong).toBe('TRANSFER_FAILED: What came is not what was sent: its hash differs.');
    expect(published()).toEqual([]);
  });

  it('may be a refusal at any time, which is told on', async () => {
    const refused = { type: 'refused', code: 'COPY_POINT_NOT_FOUND', message: 'Gone.' };
    expect(await take((connection) => writeMessage(connection, refused))).toBe('COPY_POINT_NOT_FOUND: Gone.');
    const later = await take(async (connection) => {
      await writeMessage(connection, { type: 'granted', bytes_total: 10 });
      await writeMessage(connection, item);
      await writeMessage(connection, refused);
    });
    expect(later).toBe('COPY_POINT_NOT_FOUND: Gone.');
    expect(published()).toEqual([]);
  });

  it.each([
    ['nothing of the kind', { hello: 'world' }],
    ['a stream before it grants one', item],
    ['an item with a bad time', { ...item, created_at: 'yesterday' }],
  ])('that is %s ends the transfer by name', async (_name, message) => {
    expect(await take((connection) => writeMessage(connection, message))).toMatch(/^TRANSFER_FAILED: /);
    expect(published()).toEqual([]);
  });

  it('that can’t fit is refused before anything is written', async () => {
    const huge = { ...item, size_bytes: Number.MAX_SAFE_INTEGER };
    const outcome = await take(async (connection) => {
      await writeMessage(connection, { type: 'granted', bytes_total: null });
      await writeMessage(connection, huge);
    });
    expect(outcome).toMatch(/^CAPACITY_EXCEEDED: /);
    expect(published()).toEqual([]);
  });

  it('that breaks off is no end: it can be asked for again', async () => {
    const broken = take(async (connection) => {
      await writeMessage(connection, { type: 'granted', bytes_total: null });
      await writeMessage(connection, item);
      connection.destroy();
    });
    await expect(broken).rejects.toThrow();
    expect(published()).toEqual([]);
  });
});
