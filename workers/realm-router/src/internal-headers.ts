/** What the router tells the workers behind it. They believe these, because no client can set them. */
export interface RequestFacts {
  readonly requestId: string;
  readonly realmId: string | null;
  readonly clientAddress: string;
}

/** Headers with an internal meaning, or with a claimed client address: a client's own copy is dropped. */
const DROPPED = [
  'x-realm-id',
  'x-client-address',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'true-client-ip',
  'forwarded',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
];

/** The client's headers with every internal one replaced by what the router found itself. */
export function internalHeaders(client: Headers, facts: RequestFacts): Headers {
  const headers = new Headers(client);
  for (const name of DROPPED) headers.delete(name);
  headers.set('x-request-id', facts.requestId);
  headers.set('x-client-address', facts.clientAddress);
  if (facts.realmId !== null) headers.set('x-realm-id', facts.realmId);
  return headers;
}
