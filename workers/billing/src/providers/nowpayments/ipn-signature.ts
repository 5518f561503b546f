/**
 * NOWPayments signs an instant payment notification (IPN) with HMAC-SHA512 over its JSON with all keys
 * sorted, at every depth: https://documenter.getpostman.com/view/7907941/2s93JusNJt ("Instant payment
 * notifications"). It signs no time: a replay is told by being the same.
 */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON text with the keys of all objects sorted. */
export function sortedJson(value: Json): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** As `sorted`, but the way the documentation's own example does it: an array becomes an object. */
function sortedAsDocumented(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]: [string, Json]) => [key, sortedAsDocumented(member)]),
  );
}

/**
 * The texts that a genuine signature may be of: the sorted JSON (arrays kept, or as the documentation's
 * example writes them), and the body just as it was sent, for senders that write numbers differently. All
 * of them say the same, so taking any of them lets nothing through that was not signed.
 */
export function signedTexts(body: string, value: Json): readonly string[] {
  return [...new Set([sortedJson(value), body, JSON.stringify(sortedAsDocumented(value))])];
}

const ALGORITHM = { name: 'HMAC', hash: 'SHA-512' };

async function keyOf(secret: string, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), ALGORITHM, false, [usage]);
}

/** The signature of a text, 128 hex digits. */
export async function signText(secret: string, text: string): Promise<string> {
  const bytes = await crypto.subtle.sign('HMAC', await keyOf(secret, 'sign'), new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether `signature` (128 hex digits) is of one of the texts; compared by the runtime in constant time. */
export async function isSigned(
  secret: string,
  signature: string,
  texts: readonly string[],
): Promise<boolean> {
  if (!/^[0-9a-f]{128}$/i.test(signature)) return false;
  const given = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await keyOf(secret, 'verify');
  const encoder = new TextEncoder();
  for (const text of texts) {
    if (await crypto.subtle.verify('HMAC', key, given, encoder.encode(text))) return true;
  }
  return false;
}
