import { randomBytes } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FrameReader, ProtocolError, StreamSender, writeMessage, type Frame } from './frames.ts';

async function readAll(reader: FrameReader): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (;;) {
    const frame = await reader.next();
    if (frame === undefined) return frames;
    frames.push(frame);
  }
}
function end(stream: StreamSender): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.end(resolve);
  });
}

describe('frames', () => {
  it('carry messages and streams of any size, cut wherever the connection cuts', async () => {
    const [near, far] = duplexPair();
    const content = randomBytes(700_000);
    const reading = readAll(new FrameReader(far));
    await writeMessage(near, { type: 'first' });
    const stream = new StreamSender(near);
    for (let offset = 0; offset < content.length;) {
      const size = 1 + Math.floor(Math.random() * 300_000);
      stream.write(content.subarray(offset, offset + size));
      offset += size;
    }
    await end(stream);
    await writeMessage(near, ['last']);
    near.end();
    const frames = await reading;
    expect(frames.at(0)).toEqual({ kind: 'message', content: { type: 'first' } });
    expect(frames.slice(-2)).toEqual([{ kind: 'end' }, { kind: 'message', content: ['last'] }]);
    const data = frames.flatMap((frame) => (frame.kind === 'data' ? [frame.bytes] : []));
    expect(Buffer.concat(data).equals(content)).toBe(true);
    expect(stream.bytes).toBe(content.length);
  });

  it.each([
    ['an unknown kind', [9, 0, 0, 0, 0]],
    ['too long a message', [1, 0, 8, 0, 1]],
    ['too long a piece', [2, 0, 4, 0, 1]],
    ['an end with content', [3, 0, 0, 0, 1]],
    ['a message that is no JSON', [1, 0, 0, 0, 1, 0x7b]],
  ])('with %s are an error of the other side', async (_name, bytes) => {
    const [near, far] = duplexPair();
    near.end(Buffer.from(bytes));
    await expect(new FrameReader(far).next()).rejects.toThrow(ProtocolError);
  });

  it('that break off in the middle are no end', async () => {
    const [near, far] = duplexPair();
    near.end(Buffer.from([2, 0, 0, 1, 0, 1, 2, 3]));
    await expect(new FrameReader(far).next()).rejects.toThrow('broke off');
    const [, closed] = duplexPair();
    closed.destroy();
    await expect(writeMessage(closed, {})).rejects.toThrow('broke off');
  });

  it('fail when the connection closes while it takes no more', async () => {
    const [near] = duplexPair();
    const stream = new StreamSender(near);
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.write(randomBytes(2_000_000));
    setImmediate(() => near.destroy());
    expect(String(await failed)).toContain('broke off');
  });
});
