import type { SnapshotFacts } from '@control-plane/contract/link';
import { createHash } from 'node:crypto';
import { Readable, type Duplex } from 'node:stream';
import type { StorageDriver } from '../drivers/types.ts';
import { fail, succeed, type HostFailure, type Outcome } from '../outcome.ts';
import { FrameReader, ProtocolError, writeMessage } from './frames.ts';
import { SourceMessage, type Item, type Request } from './messages.ts';

export type ReceiveCopy = {
  readonly connection: Duplex;
  readonly storage: StorageDriver;
  /** The machine that the items become snapshots of. */
  readonly containerId: string;
  readonly request: Request;
  /** Called once the transfer is granted; `bytesTotal` null: nobody can tell. */
  readonly onGranted: (bytesTotal: number | null) => void;
  readonly onBytes: (bytes: number) => void;
  /** An item is whole: whatever happens next, it need not come again. */
  readonly onStored: (facts: SnapshotFacts) => void;
};

/** The source said no, for this reason. */
class Refusal extends Error {
  readonly failure: HostFailure;

  constructor(failure: HostFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * Takes one transfer, as far as the connection lasts. Each item is published only when its hash was found right.
 * Fails with the source's reason, or with what this host lacks; throws when the connection breaks off.
 */
export async function receiveCopy(options: ReceiveCopy): Promise<Outcome<undefined>> {
  const { connection, request, onGranted, onStored } = options;
  const reader = new FrameReader(connection);
  try {
    await writeMessage(connection, request);
    const granted = await nextMessage(reader);
    if (granted.type !== 'granted') throw new ProtocolError('The source did not grant the transfer.');
    onGranted(granted.bytes_total);
    for (;;) {
      const message = await nextMessage(reader);
      if (message.type === 'end') break;
      if (message.type !== 'item') throw new ProtocolError('The source said something out of turn.');
      const stored = await receiveItem(options, reader, message);
      if (!stored.ok) return stored;
      onStored(stored.value);
      await writeMessage(connection, { type: 'stored', name: message.name });
    }
    await writeMessage(connection, { type: 'taken' });
    // The source closes when it knows; all is here in any case.
    await reader.next().catch(() => undefined);
    return succeed(undefined);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, failure: error.failure };
    if (error instanceof ProtocolError) return fail('TRANSFER_FAILED', error.message);
    throw error;
  }
}

async function receiveItem(
  { storage, containerId, request, onBytes }: ReceiveCopy,
  reader: FrameReader,
  item: Item,
): Promise<Outcome<SnapshotFacts>> {
  let broken: unknown;
  const content = streamOf(reader, onBytes);
  async function* remembered(): AsyncGenerator<Buffer> {
    try {
      yield* content;
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  const stored = await storage.receive({
    containerId,
    snapshot: item.name,
    stateful: item.stateful,
    createdAt: item.created_at,
    base: item.base,
    resume: item.resumed ? request.resume_token : null,
    sizeBytesMin: item.base === null && !item.resumed ? item.size_bytes : 0,
    stream: Readable.from(remembered(), { objectMode: false }),
  });
  // What the storage says of a stream that broke off is not the reason.
  if (broken !== undefined) throw broken;
  return stored;
}

/** The bytes of one item; it ends only after the source's hash of them was found right. */
async function* streamOf(reader: FrameReader, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (;;) {
    const frame = await reader.next();
    if (frame === undefined) throw new Error('The connection broke off.');
    if (frame.kind === 'end') break;
    if (frame.kind === 'message')
      throw refusalIn(frame.content) ?? new ProtocolError('A stream was interrupted.');
    hash.update(frame.bytes);
    bytes += frame.bytes.length;
    onBytes(frame.bytes.length);
    yield frame.bytes;
  }
  const end = await nextMessage(reader);
  if (end.type !== 'item-end') throw new ProtocolError('The source said something out of turn.');
  if (end.bytes !== bytes || end.sha256 !== hash.digest('hex'))
    throw new ProtocolError('What came is not what was sent: its hash differs.');
}

async function nextMessage(reader: FrameReader): Promise<SourceMessage> {
  const frame = await reader.next();
  if (frame === undefined) throw new Error('The connection broke off.');
  const message = frame.kind === 'message' ? SourceMessage.safeParse(frame.content).data : undefined;
  if (message === undefined) throw new ProtocolError('The source said something that is not understood.');
  if (message.type === 'refused') throw new Refusal({ code: message.code, message: message.message });
  return message;
}

function refusalIn(content: unknown): Refusal | undefined {
  const message = SourceMessage.safeParse(content).data;
  return message?.type === 'refused'
    ? new Refusal({ code: message.code, message: message.message })
    : undefined;
}
