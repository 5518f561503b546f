/** What the router found out about a request. Only the router can reach this worker, so it is believed. */
export interface RequestFacts {
  readonly requestId: string;
  readonly realmId: string | null;
  readonly clientAddress: string;
}

/** Reads the router's headers. */
export function requestFacts(headers: Headers): RequestFacts {
  return {
    requestId: headers.get('x-request-id') ?? crypto.randomUUID(),
    realmId: headers.get('x-realm-id'),
    clientAddress: headers.get('x-client-address') ?? '',
  };
}
