/**
 * A placeholder icon: a 64×64 PNG (RFC 2083) of one colour with rounded, transparent corners. Its pixels
 * are one bit each, and its data is one stored DEFLATE block (RFC 1951), so no compressor is needed.
 */
const SIZE = 64;
const CORNER_RADIUS = 14;

export type Rgb = readonly [red: number, green: number, blue: number];

/** The bytes of the icon. */
export function placeholderIcon([red, green, blue]: Rgb): Uint8Array<ArrayBuffer> {
  return concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    // Bit depth 1, palette colour, no interlace.
    chunk('IHDR', concat([uint32(SIZE), uint32(SIZE), Uint8Array.of(1, 3, 0, 0, 0)])),
    chunk('PLTE', Uint8Array.of(0, 0, 0, red, green, blue)),
    // Palette entry 0 is transparent, entry 1 opaque.
    chunk('tRNS', Uint8Array.of(0, 255)),
    chunk('IDAT', storedZlib(scanlines())),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** A steady, clearly visible colour for a name; grey for the empty name. */
export function colorOfName(name: string): Rgb {
  if (name === '') return [128, 128, 128];
  const hash = crc32(new TextEncoder().encode(name.toLowerCase()));
  const channel = (shift: number): number => 64 + ((hash >>> shift) & 0x7f);
  return [channel(0), channel(8), channel(16)];
}

function scanlines(): Uint8Array {
  const bytesPerLine = SIZE / 8 + 1; // the filter type comes first, 0: none
  const lines = new Uint8Array(SIZE * bytesPerLine);
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      if (!isInside(x, y)) continue;
      const position = y * bytesPerLine + 1 + (x >> 3);
      lines[position] = (lines[position] ?? 0) | (0x80 >> (x & 7));
    }
  }
  return lines;
}

function isInside(x: number, y: number): boolean {
  const beyond = (position: number): number =>
    Math.max(CORNER_RADIUS - 0.5 - position, position - (SIZE - CORNER_RADIUS - 0.5), 0);
  return beyond(x) ** 2 + beyond(y) ** 2 <= CORNER_RADIUS ** 2;
}

function storedZlib(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = data;
  const header = Uint8Array.of(
    0x78,
    0x01,
    0x01,
    length & 255,
    length >> 8,
    ~length & 255,
    (~length >> 8) & 255,
  );
  return concat([header, data, uint32(adler32(data))]);
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = concat([new TextEncoder().encode(type), data]);
  return concat([uint32(data.length), body, uint32(crc32(body))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return ((high << 16) | low) >>> 0;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
