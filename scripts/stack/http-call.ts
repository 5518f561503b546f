import { request } from 'node:http';

export interface HttpCall {
  readonly method?: string;
  readonly path: string;
  /** Value of the Host header, `{realm}.api.localhost` for example; Node's own `fetch` can't set it. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body if it is JSON, else undefined. */
  readonly json: unknown;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One request to a stack on this machine. Rejects when it does not answer in time (60 s). */
export function httpCall(port: number, call: HttpCall): Promise<HttpAnswer> {
  const { method = 'GET', path, host, headers = {}, body, timeoutMs = 60_000 } = call;
  const content = body === undefined ? null : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          ...(host === undefined ? {} : { host }),
          // Node states no length by itself for a DELETE, and its body would be read as another request.
          ...(content === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: parseJson(text),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content ?? undefined);
  });
}
