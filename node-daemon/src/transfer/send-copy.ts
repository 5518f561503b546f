import type { SnapshotFacts } from '@control-plane/contract/link';
import type { TransferTicket } from '@control-plane/signing';
import type { Duplex } from 'node:stream';
import type { StorageDriver } from '../drivers/types.ts';
import { fail, type Outcome, done } from '../outcome.ts';
import { ProtocolError, StreamSender, writeMessage, type FrameReader } from './frames.ts';
import { itemsMax, TargetMessage, type Request } from './messages.ts';

export type SendCopy = {
  readonly connection: Duplex;
  readonly reader: FrameReader;
  readonly storage: StorageDriver;
  readonly ticket: TransferTicket;
  readonly request: Request;
};

/**
 * Sends what a ticket allows, item by item: the snapshots that travel along, then the copy point, each as what
 * differs from the one before. What the target has already is left out. Returns when the target has all of it;
 * a failure has not been told to the target yet. Throws when the connection breaks off.
 */
export async function sendCopy({
  connection,
  reader,
  storage,
  ticket,
  request,
}: SendCopy): Promise<Outcome<undefined>> {
  const { source_container_id: containerId, copy_point: name, base } = ticket;
  const point = await storage.snapshot(containerId, name);
  if (point === undefined) return fail('COPY_POINT_NOT_FOUND', 'The source has no such copy point any more.');
  if (base !== null && !(await storage.listCopyPoints(containerId)).includes(base))
    return fail('SYNC_BASE_GONE', 'The source has the base of this copy no more: sync all of it.');
  const travelling = ticket.with_snapshots ? await snapshotsUpTo(storage, containerId, point) : [];
  const whole = base === null && travelling.length === 0;
  await writeMessage(connection, { type: 'granted', bytes_total: whole ? point.size_bytes : null });
  let previous = base;
  let resume = request.resume_token;
  for (const item of [...travelling, point]) {
    if (!request.have.includes(item.name)) {
      const sent = await sendItem(connection, storage, containerId, item, previous, resume);
      if (!sent.ok) return sent;
      await expectAnswer(reader, 'stored');
      resume = null;
    }
    previous = item.name;
  }
  await writeMessage(connection, { type: 'end' });
  await expectAnswer(reader, 'taken');
  return done;
}

/** A snapshot that was made after the copy point is not part of the copy. */
async function snapshotsUpTo(
  storage: StorageDriver,
  containerId: string,
  point: SnapshotFacts,
): Promise<SnapshotFacts[]> {
  const all = await storage.listSnapshots(containerId);
  return all.filter((facts) => facts.created_at <= point.created_at).slice(1 - itemsMax);
}

async function sendItem(
  connection: Duplex,
  storage: StorageDriver,
  containerId: string,
  item: SnapshotFacts,
  base: string | null,
  resume: string | null,
): Promise<Outcome<undefined>> {
  const { name, stateful, size_bytes, created_at } = item;
  const resumed = resume !== null;
  await writeMessage(connection, { type: 'item', name, stateful, size_bytes, created_at, base, resumed });
  const into = new StreamSender(connection);
  const sent = await storage.send({ containerId, snapshot: name, base, resume, into });
  if (!sent.ok) return sent;
  await writeMessage(connection, { type: 'item-end', bytes: into.bytes, sha256: into.digest() });
  return sent;
}

async function expectAnswer(reader: FrameReader, type: 'stored' | 'taken'): Promise<void> {
  const frame = await reader.next();
  if (frame === undefined) throw new Error('The connection broke off.');
  const message = frame.kind === 'message' ? TargetMessage.safeParse(frame.content).data : undefined;
  if (message?.type !== type) throw new ProtocolError('The other side said something out of turn.');
}
