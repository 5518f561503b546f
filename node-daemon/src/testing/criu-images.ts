/** The two magic numbers that begin files.img. */
export const imageHeader = Buffer.from('1943565438313056', 'hex');

/** A field of a message: a number below 128, or bytes of at most 127. */
export function field(number: number, value: number | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
}

/** A protocol buffers message of these fields. */
export function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** An image file of CRIU's that holds these messages. */
export function image(...messages: Buffer[]): Buffer {
  const parts = messages.flatMap((each) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(each.length);
    return [length, each];
  });
  return Buffer.concat([imageHeader, ...parts]);
}
