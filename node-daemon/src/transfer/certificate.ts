import { createPublicKey, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';

/** Validity that X.509 calls “no well-defined end” (RFC 5280, 4.1.2.5). */
const validity = { from: '20200101000000Z', until: '99991231235959Z' };
/** id-Ed25519, 1.3.101.112 (RFC 8410). */
const ed25519 = Buffer.from('06032b6570', 'hex');
/** id-at-commonName, 2.5.4.3. */
const commonName = Buffer.from('0603550403', 'hex');

/**
 * A certificate that only says which Ed25519 key is meant, signed by that key (RFC 5280 and RFC 8410), as PEM.
 * Whoever sees it compares the key with the one that it expects: names, dates and issuers count for nothing.
 */
export function selfSignedCertificate(privateKey: KeyObject): string {
  const algorithm = sequence(ed25519);
  const name = sequence(node(0x31, sequence(commonName, node(0x0c, Buffer.from('node-daemon')))));
  const times = [validity.from, validity.until].map((time) => node(0x18, Buffer.from(time)));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    node(0xa0, node(0x02, Buffer.from([2]))),
    node(0x02, serial),
    algorithm,
    name,
    sequence(...times),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = node(0x03, Buffer.concat([Buffer.from([0]), sign(null, body, privateKey)]));
  const base64 = sequence(body, algorithm, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** The Ed25519 key of a certificate (DER), 64 hex digits; undefined: it has no such key. */
export function publicKeyOf(certificate: Buffer): string | undefined {
  try {
    const key = new X509Certificate(certificate).publicKey;
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  } catch {
    return undefined;
  }
}

/** One DER element. */
function node(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return node(0x30, ...content);
}
