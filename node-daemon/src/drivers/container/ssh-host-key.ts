import { generateKeyPairSync, randomBytes } from 'node:crypto';

const keyType = 'ssh-ed25519';
const blockBytes = 8;

/**
 * A new Ed25519 host key in OpenSSH's own format, which every sshd reads (PROTOCOL.key of OpenSSH), with its
 * public half as one line.
 */
export function makeSshHostKey(comment: string): { privateText: string; publicText: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // Both encodings end with the 32 raw bytes (RFC 8410).
  const publicBytes = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const publicBlob = Buffer.concat([field(keyType), field(publicBytes)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    publicBlob,
    field(Buffer.concat([seed, publicBytes])),
    field(comment),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (blockBytes - (secret.length % blockBytes)) % blockBytes }, (_, index) => index + 1),
  );
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    number(1),
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} OPENSSH PRIVATE KEY-----`);
  return {
    privateText: `${[begin, ...lines, end].join('\n')}\n`,
    publicText: `${keyType} ${publicBlob.toString('base64')} ${comment}\n`,
  };
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string as SSH writes it: length, then bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}
