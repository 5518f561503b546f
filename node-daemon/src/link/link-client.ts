import {
  CONNECT_HEADERS,
  ControlMessage,
  LINK_MESSAGE_BYTES_MAX,
  LINK_PATHS,
  LINK_PING_INTERVAL_MS,
  PING_TEXT,
  type Hello,
  type HostMessage,
} from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { WebSocket, type RawData } from 'ws';
import type { OutboundQueue } from '../journal/outbound-queue.ts';
import { describeError } from '../outcome.ts';
import { backoffMs } from './backoff.ts';
import { connectHeaders, type HostKey } from './host-key.ts';
import { refusalCode, type HostIdentity } from './identity.ts';

export type LinkOptions = {
  readonly identity: HostIdentity;
  readonly key: HostKey;
  readonly outbound: OutboundQueue;
  readonly logger: Logger;
  readonly buildHello: () => Promise<Hello>;
  readonly onMessage: (message: ControlMessage) => void;
  readonly now: () => number;
  readonly random: () => number;
  /** Tests shorten it. */
  readonly pingIntervalMs?: number;
};

/** What the operator can do about a refusal, by its code. */
const advices: Readonly<Record<string, string>> = {
  HOST_CLOCK_SKEW: 'set this host’s clock; ',
  HOST_IDENTITY_IN_USE:
    'another daemon has this identity: was the data directory copied? enrol this host anew; ',
};
const silentIntervalsMax = 3;
const refusalBytesMax = 16 * 1024;
const connectTimeoutMs = 10_000;
/** Bytes that may wait in the socket; more is not sent now: what must arrive is in the outbound queue. */
const bufferedBytesMax = 8 * LINK_MESSAGE_BYTES_MAX;

/** The daemon's one connection to the control plane. It reconnects for as long as it is open. */
export class LinkClient {
  readonly #options: LinkOptions;
  readonly #intervalMs: number;
  readonly #instance = randomBytes(16).toString('hex');
  #socket: WebSocket | undefined;
  #ready = false;
  #closed = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
  #lastHeardMs = 0;
  #lastRefusal = '';
  #sentBeforeThisBeat = new Set<string>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#intervalMs = options.pingIntervalMs ?? LINK_PING_INTERVAL_MS;
  }

  /** Whether the link is up: connected, and our hello is sent. */
  get isUp(): boolean {
    return this.#ready;
  }

  /** The control plane's last refusal by its code; empty when the link is up. */
  get lastRefusal(): string {
    return this.#lastRefusal;
  }

  open(): void {
    this.#connect();
  }

  /** Sends now if the link is up, else not at all: what must arrive is in the outbound queue. */
  send(message: HostMessage): void {
    if (!this.#ready) return;
    this.#write(message);
  }

  /** Closes the link for good, after giving what was just sent a moment to be acknowledged. */
  async close(acknowledgeWithinMs: number): Promise<void> {
    const deadline = performance.now() + acknowledgeWithinMs;
    while (this.#ready && this.#options.outbound.count() > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), 500);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000);
    });
  }

  #connect(): void {
    const { identity, key, now, logger } = this.#options;
    const url = new URL(LINK_PATHS.connect, identity.control_url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      headers: {
        ...connectHeaders(key, identity.server_id, now()),
        [CONNECT_HEADERS.instance]: this.#instance,
      },
      maxPayload: LINK_MESSAGE_BYTES_MAX,
      handshakeTimeout: connectTimeoutMs,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    socket.on('open', () => void this.#greet(socket));
    socket.on('message', (data, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('unexpected-response', (_request, response) => this.#refused(socket, response));
    socket.on('error', (error) => logger.debug({ error: describeError(error) }, 'link error'));
    socket.on('close', (code) => this.#lost(socket, code));
  }

  async #greet(socket: WebSocket): Promise<void> {
    const { buildHello, outbound, logger } = this.#options;
    this.#heard();
    try {
      const hello = await buildHello();
      if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
      this.#write(hello);
      this.#ready = true;
      this.#attempt = 0;
      this.#lastRefusal = '';
      for (const { message } of outbound.pending()) this.#write(message);
    } catch (error) {
      logger.error({ err: error }, 'hello could not be built');
      socket.terminate();
      return;
    }
    logger.info({ server_id: this.#options.identity.server_id }, 'link up');
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#beat(socket), this.#intervalMs);
  }

  #beat(socket: WebSocket): void {
    const { logger, outbound } = this.#options;
    if (performance.now() - this.#lastHeardMs > silentIntervalsMax * this.#intervalMs) {
      logger.warn('link is silent: reconnecting');
      socket.terminate();
      return;
    }
    if (socket.readyState === WebSocket.OPEN) socket.send(PING_TEXT);
    // What was not acknowledged for a whole interval is sent again; the other side knows it by its id.
    for (const { id, message } of outbound.pending()) {
      if (this.#sentBeforeThisBeat.has(id)) this.send(message);
    }
    this.#sentBeforeThisBeat = new Set(outbound.pending().map(({ id }) => id));
  }

  #receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    if (socket !== this.#socket) return;
    this.#heard();
    const { logger, outbound, onMessage } = this.#options;
    const parsed = isBinary ? undefined : ControlMessage().safeParse(parseJson(data));
    if (parsed?.success !== true) {
      logger.warn(
        { issues: parsed?.error.issues.slice(0, 3) },
        'a message that is none of the link’s was dropped',
      );
      return;
    }
    const message = parsed.data;
    try {
      if (message.type === 'acknowledged') outbound.acknowledge(message.id);
      onMessage(message);
    } catch (error) {
      // The journal could not be written (a full disk): nothing was accepted, so it will be sent again.
      logger.error({ err: error, type: message.type }, 'a message could not be taken');
    }
  }

  #refused(socket: WebSocket, response: IncomingMessage): void {
    const { logger } = this.#options;
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= refusalBytesMax) chunks.push(chunk);
    });
    response.on('error', () => undefined);
    response.on('close', () => {
      const code = refusalCode(Buffer.concat(chunks).toString('utf8')) ?? `HTTP_${response.statusCode ?? 0}`;
      this.#lastRefusal = code;
      const advice = advices[code] ?? '';
      logger.error(
        { status: response.statusCode, code },
        `the control plane refused the link: ${advice}trying again`,
      );
      socket.terminate();
      // Without an upgrade `ws` gives no close event of its own.
      this.#lost(socket, 1006);
    });
  }

  #lost(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (this.#ready) this.#options.logger.warn({ code }, 'link lost');
    this.#ready = false;
    clearInterval(this.#ping);
    if (this.#closed) return;
    const waitMs = backoffMs(this.#attempt, this.#options.random());
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  #write(message: HostMessage): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > bufferedBytesMax) return;
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) > LINK_MESSAGE_BYTES_MAX) {
      this.#options.logger.error(
        { type: message.type },
        'a message is too long for the link and was not sent',
      );
      return;
    }
    socket.send(text);
  }

  #heard(): void {
    this.#lastHeardMs = performance.now();
  }
}

function parseJson(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
