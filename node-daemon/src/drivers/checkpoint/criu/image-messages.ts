/** One field of a protocol buffers message: a number, or bytes that may be a message themselves. */
export type MessageField = {
  readonly number: number;
  readonly value: bigint | Buffer;
};

const varint = 0n;
const fixed64 = 1n;
const bytes = 2n;
const fixed32 = 5n;
/** Of two magic numbers, which begin each of CRIU's image files. */
const headerBytes = 8;

/** The messages of a CRIU image, a file of them with their lengths before each. Throws when it is not whole. */
export function readMessages(image: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let offset = headerBytes; offset < image.length;) {
    const end = offset + 4 + image.readUInt32LE(offset);
    messages.push(take(image, offset + 4, end));
    offset = end;
  }
  return messages;
}

/** Replaces messages of a CRIU image; what `change` gives back unchanged stays as it was. */
export function mapImage(image: Buffer, change: (message: Buffer) => Buffer): Buffer {
  const parts = readMessages(image).flatMap((message) => {
    const changed = change(message);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(changed.length);
    return [length, changed];
  });
  return Buffer.concat([image.subarray(0, headerBytes), ...parts]);
}

/** Replaces the values of fields of a message; where `change` gives undefined the field stays, where null it goes. */
export function mapFields(
  message: Buffer,
  change: (field: MessageField) => bigint | Buffer | null | undefined,
): Buffer {
  const parts: Buffer[] = [];
  for (const { field, source } of fieldsOf(message)) {
    const changed = change(field);
    if (changed !== null) parts.push(changed === undefined ? source : encode(field.number, changed));
  }
  return Buffer.concat(parts);
}

/** Replaces the messages that `message` holds in its fields of this number. */
export function mapInside(message: Buffer, number: number, change: (inner: Buffer) => Buffer): Buffer {
  return mapFields(message, (field) =>
    field.number === number && typeof field.value !== 'bigint' ? change(field.value) : undefined,
  );
}

/** The fields of a message, in their order. Throws when it is not whole. */
export function readFields(message: Buffer): MessageField[] {
  return [...fieldsOf(message)].map(({ field }) => field);
}

function* fieldsOf(message: Buffer): Generator<{ field: MessageField; source: Buffer }> {
  for (let offset = 0; offset < message.length;) {
    const tag = readVarint(message, offset);
    const number = Number(tag.value >> 3n);
    const field = readValue(message, tag.end, tag.value & 7n);
    yield { field: { number, value: field.value }, source: message.subarray(offset, field.end) };
    offset = field.end;
  }
}

function readValue(message: Buffer, offset: number, kind: bigint): { value: bigint | Buffer; end: number } {
  if (kind === varint) return readVarint(message, offset);
  if (kind === bytes) {
    const length = readVarint(message, offset);
    const end = length.end + Number(length.value);
    return { value: take(message, length.end, end), end };
  }
  if (kind !== fixed64 && kind !== fixed32) throw new Error('The image has a field of an unknown kind.');
  const end = offset + (kind === fixed64 ? 8 : 4);
  return { value: take(message, offset, end), end };
}

function readVarint(message: Buffer, offset: number): { value: bigint; end: number } {
  let value = 0n;
  for (let end = offset, shift = 0n; ; end += 1, shift += 7n) {
    const byte = BigInt(message.readUInt8(end));
    value |= (byte & 0x7fn) << shift;
    if (byte < 0x80n) return { value, end: end + 1 };
  }
}

function encode(number: number, value: bigint | Buffer): Buffer {
  const tag = BigInt(number) << 3n;
  if (typeof value === 'bigint') return Buffer.concat([encodeVarint(tag | varint), encodeVarint(value)]);
  return Buffer.concat([encodeVarint(tag | bytes), encodeVarint(BigInt(value.length)), value]);
}

function encodeVarint(value: bigint): Buffer {
  const encoded: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) encoded.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...encoded, Number(rest)]);
}

function take(from: Buffer, start: number, end: number): Buffer {
  if (end > from.length) throw new Error('The image ends in the middle of a message.');
  return from.subarray(start, end);
}
