import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Writable, type Duplex } from 'node:stream';

/** A message, a piece of a stream, or the end of that stream. */
export type Frame =
  | { readonly kind: 'message'; readonly content: unknown }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

const kinds = { message: 1, data: 2, end: 3 } as const;
const headerBytes = 5;
const messageBytesMax = 512 * 1024;
const dataBytesMax = 256 * 1024;

/** The peer broke the rules of the protocol. */
export class ProtocolError extends Error {}

/** Frames out of a connection: one byte of kind, four of length (big-endian), the payload. */
export class FrameReader {
  readonly #chunks: AsyncIterator<unknown>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(connection: Duplex) {
    this.#chunks = connection[Symbol.asyncIterator]();
  }

  /** The next frame; undefined when the connection ended between two frames. Throws when it broke off. */
  async next(): Promise<Frame | undefined> {
    if (!(await this.#fill(headerBytes, true))) return undefined;
    const kind = this.#rest.readUInt8(0);
    const length = this.#rest.readUInt32BE(1);
    const most = kind === kinds.message ? messageBytesMax : kind === kinds.data ? dataBytesMax : 0;
    if (length > most) throw new ProtocolError('The other side sent a frame that is too long.');
    this.#rest = this.#rest.subarray(headerBytes);
    await this.#fill(length, false);
    const payload = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    if (kind === kinds.data) return { kind: 'data', bytes: payload };
    if (kind === kinds.end) return { kind: 'end' };
    if (kind === kinds.message) return { kind: 'message', content: parse(payload) };
    throw new ProtocolError('The other side sent a frame of an unknown kind.');
  }

  async #fill(bytes: number, mayEnd: boolean): Promise<boolean> {
    if (this.#rest.length >= bytes) return true;
    const parts = [this.#rest];
    let total = this.#rest.length;
    while (total < bytes) {
      const next = await this.#chunks.next();
      if (next.done === true) {
        if (mayEnd && total === 0) return false;
        throw new Error('The connection broke off.');
      }
      if (!Buffer.isBuffer(next.value)) throw new ProtocolError('The connection gives no bytes.');
      parts.push(next.value);
      total += next.value.length;
    }
    this.#rest = Buffer.concat(parts);
    return true;
  }
}

/** Writes a message; returns once the connection takes more. */
export async function writeMessage(connection: Duplex, content: unknown): Promise<void> {
  await write(connection, kinds.message, Buffer.from(JSON.stringify(content)));
}

/** The sending end of one stream: frames what is written, counts and hashes it; `end` ends the stream only. */
export class StreamSender extends Writable {
  readonly #connection: Duplex;
  readonly #hash = createHash('sha256');
  bytes = 0;

  constructor(connection: Duplex) {
    super({ highWaterMark: dataBytesMax });
    this.#connection = connection;
  }

  /** Of all that was written, as lower-case hex; once, after the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    void settle(this.#send(chunk), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    void settle(write(this.#connection, kinds.end, Buffer.alloc(0)), callback);
  }

  async #send(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    for (let offset = 0; offset < chunk.length; offset += dataBytesMax)
      await write(this.#connection, kinds.data, chunk.subarray(offset, offset + dataBytesMax));
  }
}

async function settle(work: Promise<void>, callback: (error?: Error | null) => void): Promise<void> {
  let failure: Error | null = null;
  try {
    await work;
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  callback(failure);
}

async function write(connection: Duplex, kind: number, payload: Buffer): Promise<void> {
  if (connection.destroyed || connection.writableEnded) throw new Error('The connection broke off.');
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 1);
  connection.cork();
  connection.write(header);
  const more = connection.write(payload);
  connection.uncork();
  if (more) return;
  // A connection that closes drains no more.
  const settled = new AbortController();
  const closed = once(connection, 'close', { signal: settled.signal }).then(() => {
    throw new Error('The connection broke off.');
  });
  try {
    await Promise.race([once(connection, 'drain', { signal: settled.signal }), closed]);
  } finally {
    settled.abort();
    closed.catch(() => undefined);
  }
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    throw new ProtocolError('The other side sent a message that is no JSON.');
  }
}
