import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { generateSigningKey, verifyResponse, type VerificationKey } from '@control-plane/signing';
import { convertV4MiniflareOptions, Miniflare, Response as WorkerResponse } from 'miniflare';
import { bundleWorker } from '../../../scripts/stack/bundle-worker.ts';

/** Stands in for the api: tells what reached it, and plays the parts that the router must cope with. */
const API_STUB = `
export default { async fetch(request) {
  const url = new URL(request.url);
  if (url.pathname === '/internal/health') return Response.json({ database: { up: true }, hosts: { up: true, connected: 1 } });
  if (url.pathname === '/boom') throw new Error('secret detail');
  if (url.pathname === '/empty') return new Response(null, { status: 204 });
  if (url.pathname === '/binary') return new Response(new Uint8Array([0, 255, 128]), { headers: { 'content-type': 'image/png' } });
  if (url.pathname === '/stream') return new Response('data: 1\\n\\n', { headers: { 'content-type': 'text/event-stream' } });
  if (url.pathname === '/page') return new Response('<p>', { headers: { 'content-type': 'text/html; charset=utf-8' } });
  if (url.pathname === '/host/v1/link') {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener('message', (event) => { server.send('echo ' + event.data + ' ' + request.headers.get('x-host-nonce')); });
    return new Response(null, { status: 101, webSocket: client });
  }
  const body = await request.text();
  return Response.json(
    { worker: 'api', method: request.method, url: request.url, headers: Object.fromEntries(request.headers), length: body.length },
    { status: 200, headers: { 'server-timing': 'db;dur=1.5', 'access-control-allow-origin': 'https://evil.example' } },
  );
} }`;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
interface Seen {
  readonly worker: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly length: number;
}

let miniflare: Miniflare;
let port: number;
let keys: VerificationKey[];
const BILLING_UP = { status: 200, body: { database: { up: true } } as object };
let billingHealth = BILLING_UP;

/** What billing's stub says of its health from now on; nothing: that it is up. */
export function setBillingHealth(body?: object, status = 200): void {
  billingHealth = body === undefined ? BILLING_UP : { status, body };
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** Send the body in chunks without declaring its length. */
  readonly chunked?: boolean;
}

/** One request to the router; `path` goes out as it is written. */
export function call(
  path: string,
  { method = 'GET', headers = {}, body, chunked = false }: Call = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length: Record<string, string> =
      body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: { host: 'api.localhost', ...length, ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
        response.on('error', reject);
      },
    );
    let answered = false;
    outgoing.on('response', () => (answered = true));
    // The server may close its side before all of a refused body is sent.
    outgoing.on('error', (error) => (answered ? undefined : reject(error)));
    if (body !== undefined && chunked) {
      for (let offset = 0; offset < body.length; offset += 65_536)
        outgoing.write(body.slice(offset, offset + 65_536));
    } else if (body !== undefined) {
      outgoing.write(body);
    }
    outgoing.end();
  });
}

/** What the stub of the api saw. */
export const seen = (answer: Answer): Seen => JSON.parse(answer.body.toString()) as Seen;
/** The error code of an answer. */
export const code = (answer: Answer): unknown =>
  (JSON.parse(answer.body.toString()) as { code?: unknown }).code;

/** Whether an answer's signature holds, body included. */
export async function isGenuine(answer: Answer, method: string, path: string): Promise<boolean> {
  const header = answer.headers['x-hoody-signature'];
  if (typeof header !== 'string') return false;
  const expected = { method, status: answer.status, path };
  const result = await verifyResponse(keys, header, expected, answer.body, Math.floor(Date.now() / 1000));
  return result.ok;
}

/** Starts the router in workerd between stubs of the workers behind it. */
export async function startRouter(): Promise<void> {
  const bundle = await bundleWorker(join(import.meta.dirname, 'index.ts'));
  const key = await generateSigningKey();
  keys = [{ kid: key.kid, publicHex: key.public_hex }];
  const shared = { modules: true, compatibilityDate: '2026-10-20', compatibilityFlags: ['nodejs_compat'] };
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      handleStructuredLogs: () => {},
      workers: [
        {
          ...shared,
          name: 'router',
          script: bundle.script,
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
          bindings: {
            API_DOMAIN: 'api.localhost',
            CLIENT_ADDRESS_HEADER: 'cf-connecting-ip',
            SIGNING_KEYS: JSON.stringify({ active_kid: key.kid, keys: [key] }),
          },
          serviceBindings: {
            API: 'api',
            BILLING: (request: { url: string }) =>
              request.url.endsWith('/internal/health')
                ? WorkerResponse.json(billingHealth.body, { status: billingHealth.status })
                : WorkerResponse.json({ worker: 'billing' }),
          },
        },
        { ...shared, name: 'api', script: API_STUB },
      ],
    }),
  );
  port = Number((await miniflare.unsafeGetDirectURL('router')).port);
}

/** Ends it. */
export function stopRouter(): Promise<void> {
  return miniflare.dispose();
}

/** The router's port on loopback. */
export function routerPort(): number {
  return port;
}
