/**
 * The embedded libSQL endpoint of the local stack: `node:sqlite` behind the HTTP protocol that Turso
 * speaks, so that the workers use one client and one SQL in both places. Loopback only.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { toHranaError } from './database-failure.ts';
import { PipelineRequest } from './hrana-protocol.ts';
import type { StreamResult } from './stream.ts';
import { StreamRegistry, type RegistryLimits } from './stream-registry.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;
const DEFAULT_LIMITS: RegistryLimits = { busyTimeoutMs: 8000, idleTimeoutMs: 5000, streamsMax: 200 };

export interface DatabaseEndpoint {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** Transactions that are open at this moment. */
  openStreams(): number;
  /** Refuses new requests, rolls back what is open, closes the file. */
  close(): Promise<void>;
}

export interface DatabaseEndpointOptions {
  /** The database file; made when it is missing. */
  readonly file: string;
  /** Bearer token that every request must carry. */
  readonly token: string;
  readonly limits?: Partial<RegistryLimits>;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The body as text; null when it is longer than the limit. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answerPipeline(
  registry: StreamRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readBody(request);
  if (text === null) {
    response.setHeader('connection', 'close');
    sendJson(response, 413, { message: 'the request body is too large', code: 'REQUEST_TOO_LARGE' });
    return;
  }
  const parsed = PipelineRequest.safeParse(parseJson(text));
  if (!parsed.success) {
    sendJson(response, 400, { message: 'the request is no Hrana pipeline', code: 'HRANA_PROTO_ERROR' });
    return;
  }
  const { baton, requests } = parsed.data;
  const stream = typeof baton === 'string' ? registry.resume(baton) : registry.open();
  if (stream === null) {
    const isExpired = typeof baton === 'string';
    sendJson(response, isExpired ? 400 : 503, {
      message: isExpired ? 'the stream has expired or never was' : 'too many open streams',
      code: isExpired ? 'STREAM_EXPIRED' : 'TOO_MANY_STREAMS',
    });
    return;
  }
  const results: StreamResult[] = [];
  try {
    for (const one of requests) results.push(await stream.run(one));
  } finally {
    // A client that is gone can't continue its transaction.
    if (response.destroyed) stream.isClosed = true;
  }
  sendJson(response, 200, { baton: registry.settle(stream), base_url: null, results });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the database endpoint has no port');
  return address.port;
}

/** Opens the file and serves it on a free loopback port. */
export async function startDatabaseEndpoint(options: DatabaseEndpointOptions): Promise<DatabaseEndpoint> {
  const registry = new StreamRegistry(options.file, { ...DEFAULT_LIMITS, ...options.limits });
  const expected = digest(`Bearer ${options.token}`);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      sendJson(response, 401, { message: 'the bearer token is missing or wrong', code: 'AUTH_JWT_INVALID' });
      return;
    }
    const path = request.url ?? '';
    // 404 to `/v3-protobuf`: the client then speaks JSON.
    if (request.method === 'GET' && (path === '/v2' || path === '/v3' || path === '/health')) {
      sendJson(response, 200, { status: 'ok' });
    } else if (request.method === 'POST' && (path === '/v2/pipeline' || path === '/v3/pipeline')) {
      await answerPipeline(registry, request, response);
    } else {
      sendJson(response, 404, { message: 'no such endpoint', code: 'NOT_FOUND' });
    }
  }

  // A connection that the server closes while a worker is about to reuse it looks like a lost request.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, toHranaError(error));
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    openStreams: () => registry.openStreams,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      registry.close();
    },
  };
}
