/** What is logged of a request: no query value, no header, no body. */
export interface RequestLine {
  readonly requestId: string;
  readonly realmId: string | null;
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly durationMs: number;
}

/** Path with the names, not the values, of its query. */
export function loggablePath(url: URL): string {
  const names = [...new Set(url.searchParams.keys())].slice(0, 20).map((name) => `${name.slice(0, 40)}=`);
  return names.length === 0 ? url.pathname : `${url.pathname}?${names.join('&')}`;
}

/** One JSON line a request. */
export function logRequest(line: RequestLine): void {
  console.log(
    JSON.stringify({
      level: 'info',
      message: 'request',
      time: new Date().toISOString(),
      request_id: line.requestId,
      realm: line.realmId,
      method: line.method,
      path: loggablePath(line.url),
      status: line.status,
      duration_ms: Math.round(line.durationMs * 10) / 10,
    }),
  );
}

/** One JSON line for a failure that nobody expected. */
export function logFailure(requestId: string, error: unknown): void {
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error(
    JSON.stringify({
      level: 'error',
      message: 'unexpected failure',
      time: new Date().toISOString(),
      request_id: requestId,
      error: detail,
      stack: error instanceof Error ? (error.stack ?? null) : null,
    }),
  );
}
