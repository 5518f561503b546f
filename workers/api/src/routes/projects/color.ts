/** The stored form of a colour that the contract accepts: `#` and 3 or 6 upper-case hex digits. */
export function normaliseColor(color: string): string {
  return `#${color.replace(/^#/, '').toUpperCase()}`;
}

/** A colour made of three bytes, for example random ones. */
export function colorOfBytes(bytes: Uint8Array): string {
  const digits = Array.from(bytes.subarray(0, 3), (byte) => byte.toString(16).padStart(2, '0'));
  return normaliseColor(digits.join(''));
}

/** A colour by chance. */
export function randomColor(): string {
  return colorOfBytes(crypto.getRandomValues(new Uint8Array(3)));
}
