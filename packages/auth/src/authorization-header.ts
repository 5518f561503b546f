import { TOKEN_PREFIX, tokenIdOf } from './secret.ts';

/** Longest header that is looked at; JWTs of ours are below 600 characters. */
const HEADER_LENGTH_MAX = 4096;

export type BasicPart =
  | { readonly kind: 'auth-token'; readonly text: string; readonly tokenId: string }
  | { readonly kind: 'password'; readonly login: string; readonly password: string };

/** What an `Authorization` header carries. `malformed`: something is there that nobody can use. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'jwt'; readonly text: string }
  | { readonly kind: 'auth-token'; readonly text: string; readonly tokenId: string }
  /** One or two things to try, in this order. */
  | { readonly kind: 'basic'; readonly attempts: readonly [BasicPart, ...BasicPart[]] };

const JWT_PATTERN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const BASE64_PATTERN = /^[A-Za-z0-9+/]+={0,2}$/;

function authToken(text: string): Extract<BasicPart, { kind: 'auth-token' }> | null {
  const tokenId = tokenIdOf(text);
  return tokenId === null ? null : { kind: 'auth-token', text, tokenId };
}

function decodeBasic(encoded: string): Credential {
  if (!BASE64_PATTERN.test(encoded)) return { kind: 'malformed' };
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(encoded, 'base64'),
    );
  } catch {
    return { kind: 'malformed' };
  }
  const colon = decoded.indexOf(':');
  if (colon < 0) return { kind: 'malformed' };
  const login = decoded.slice(0, colon);
  const password = decoded.slice(colon + 1);
  const tokens = [authToken(login), authToken(password)].filter((part) => part !== null);
  const [first, ...others] = tokens;
  if (first !== undefined) return { kind: 'basic', attempts: [first, ...others] };
  if (login === '' || password === '') return { kind: 'malformed' };
  return { kind: 'basic', attempts: [{ kind: 'password', login, password }] };
}

/**
 * Reads an `Authorization` header: `Bearer <JWT or hdy_ token>` (case-sensitive, one space), a bare `hdy_`
 * token, or HTTP Basic (RFC 7617, UTF-8) as user:password, user:token or token:password; of two tokens the
 * one in the user's place is tried first.
 */
export function parseAuthorization(header: string | null): Credential {
  if (header === null || header === '') return { kind: 'none' };
  if (header.length > HEADER_LENGTH_MAX) return { kind: 'malformed' };
  if (header.startsWith('Basic ')) return decodeBasic(header.slice('Basic '.length));
  const hasScheme = header.startsWith('Bearer ');
  const text = hasScheme ? header.slice('Bearer '.length) : header;
  if (text.startsWith(TOKEN_PREFIX)) return authToken(text) ?? { kind: 'malformed' };
  return hasScheme && JWT_PATTERN.test(text) ? { kind: 'jwt', text } : { kind: 'malformed' };
}
