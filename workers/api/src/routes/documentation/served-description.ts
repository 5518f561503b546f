import { buildOpenApi } from '@control-plane/contract/openapi';
import { ROUTES } from '@control-plane/contract/routes';

const API_VERSION = '1.0.0';
/** The description differs by nothing but its server address; an isolate sees one or two of these. */
const KEPT_MAX = 4;

export interface ServedDescription {
  readonly json: string;
  /** Strong entity tag (RFC 9110 section 8.8.3), quotes included. */
  readonly etag: string;
}

const kept = new Map<string, Promise<ServedDescription>>();

/** The OpenAPI description as it is served under `serverUrl`; built once in the life of an isolate. */
export function servedDescription(serverUrl: string): Promise<ServedDescription> {
  const present = kept.get(serverUrl);
  if (present !== undefined) return present;
  if (kept.size >= KEPT_MAX) kept.clear();
  const description = build(serverUrl);
  kept.set(serverUrl, description);
  return description;
}

async function build(serverUrl: string): Promise<ServedDescription> {
  const json = JSON.stringify(buildOpenApi(ROUTES, { serverUrl, version: API_VERSION }));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(json));
  const hex = Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
  return { json, etag: `"${hex}"` };
}

/** The address of the base host (no realm) as seen by a caller of `requestUrl`. */
export function serverUrlOf(requestUrl: string, apiDomain: string): string {
  const { protocol, port } = new URL(requestUrl);
  return `${protocol}//${apiDomain}${port === '' ? '' : `:${port}`}`;
}

/** Whether an `If-None-Match` value names `etag` (weak comparison, RFC 9110 section 13.1.2). */
export function matchesEtag(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch
    .split(',')
    .map((candidate) => candidate.trim())
    .some((candidate) => candidate === '*' || candidate.replace(/^W\//, '') === etag);
}
