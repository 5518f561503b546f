import {
  CONNECT_HEADERS,
  connectSigningText,
  EnrollRequest,
  HostMessage,
  LINK_CLOCK_SKEW_SECONDS_MAX,
  LINK_MESSAGE_BYTES_MAX,
  LINK_PATHS,
  PONG_TEXT,
  type ControlMessage,
  type Dispatch,
  type MachineSpec,
  type TicketKey,
} from '@control-plane/contract/link';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { patience, waitFor } from './wait-for.ts';

type MessageOf<T extends HostMessage['type']> = Extract<HostMessage, { type: T }>;
export type Ended = MessageOf<'completed'> | MessageOf<'failed'>;

/** A control plane of the test's own: verifies the host's proof, sends dispatches, takes what comes. */
export class FakeControlPlane {
  readonly joinToken = randomBytes(32).toString('hex');
  readonly serverId = randomBytes(12).toString('hex');
  readonly received: HostMessage[] = [];
  /** Emits the id of each operation whose end is told. */
  readonly #ends = new EventEmitter();
  /** Offset of this side's clock, to refuse hosts for their skew. */
  clockOffsetSeconds = 0;
  acknowledges = true;
  answersPings = true;
  quarantine: string[] = [];
  /** Told to hosts when they connect. */
  ticketKeys: TicketKey[] = [];
  connections = 0;
  refusals: string[] = [];
  #publicKeyHex: string | undefined;
  #server: Server | undefined;
  #sockets = new WebSocketServer({ noServer: true, maxPayload: LINK_MESSAGE_BYTES_MAX });
  #socket: WebSocket | undefined;
  #sequence = 0;
  #nonces = new Set<string>();
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get publicKeyHex(): string | undefined {
    return this.#publicKeyHex;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#answerEnrolment(request, response);
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
  }

  /** Goes away; `listen` brings it back at the same address. */
  async close(): Promise<void> {
    this.dropLink();
    const server = this.#server;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  dropLink(): void {
    this.#socket?.terminate();
    this.#socket = undefined;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  send(message: ControlMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket?.send(text);
  }

  acknowledge(id: string): void {
    this.send({ type: 'acknowledged', id });
  }

  /** A dispatch that has not been sent; `sequence` grows with each. */
  makeDispatch(spec: MachineSpec, command: Dispatch['command'], overrides: Partial<Dispatch> = {}): Dispatch {
    this.#sequence += 1;
    return {
      type: 'dispatch',
      operation_id: randomBytes(16).toString('hex'),
      container_id: spec.container_id,
      incarnation: 1,
      sequence: this.#sequence,
      command,
      spec,
      parameters: {},
      deadline_at: new Date(Date.now() + 60_000 * patience).toISOString(),
      request_id: `test-${this.#sequence}`,
      ...overrides,
    };
  }

  /** Sends a new dispatch and waits for its end. */
  async run(
    spec: MachineSpec,
    command: Dispatch['command'],
    overrides: Partial<Dispatch> = {},
  ): Promise<Ended> {
    const dispatch = this.makeDispatch(spec, command, overrides);
    this.send(dispatch);
    return this.ended(dispatch.operation_id);
  }

  /** Waits until the deadline that {@link makeDispatch} sets. */
  async ended(operationId: string): Promise<Ended> {
    // Told and not looked for: how long an operation takes is measured by this too.
    const timeout = AbortSignal.timeout(60_000 * patience);
    for (;;) {
      const [end] = this.endsOf(operationId);
      if (end !== undefined) return end;
      if (timeout.aborted) throw new Error(`Waited in vain for the end of operation ${operationId}.`);
      await once(this.#ends, operationId, { signal: timeout }).catch(() => undefined);
    }
  }

  endsOf(operationId: string): Ended[] {
    return this.received.filter(
      (message): message is Ended =>
        (message.type === 'completed' || message.type === 'failed') && message.operation_id === operationId,
    );
  }

  ofType<T extends HostMessage['type']>(type: T): MessageOf<T>[] {
    return this.received.filter((message): message is MessageOf<T> => message.type === type);
  }

  /** Waits until the host has connected more than `before` times and said hello. */
  async connected(before = 0): Promise<MessageOf<'hello'>> {
    return waitFor('the host’s hello', () => {
      const hellos = this.ofType('hello');
      return hellos.length > before ? hellos.at(-1) : undefined;
    });
  }

  async #answerEnrolment(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#enroll(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #enroll(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = EnrollRequest().safeParse(JSON.parse(text));
    if (request.url !== LINK_PATHS.enroll || !body.success)
      return { status: 400, body: { code: 'BAD_REQUEST' } };
    if (this.#isSkewed(body.data.timestamp)) return { status: 401, body: { code: 'HOST_CLOCK_SKEW' } };
    if (body.data.join_token !== this.joinToken || this.#publicKeyHex !== undefined) {
      return { status: 401, body: { code: 'JOIN_TOKEN_INVALID' } };
    }
    this.#publicKeyHex = body.data.public_key;
    return { status: 200, body: { server_id: this.serverId, server_name: 'test-host' } };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.refusals.push(refusal);
      const body = JSON.stringify({ statusCode: 401, code: refusal, message: 'refused' });
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n` +
          `connection: close\r\n\r\n${body}`,
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.connections += 1;
      this.#socket = webSocket;
      webSocket.on('message', (data) => this.#receive(webSocket, String(data)));
      webSocket.on('error', () => undefined);
      webSocket.on('close', () => {
        if (this.#socket === webSocket) this.#socket = undefined;
      });
    });
  }

  #refusal(request: IncomingMessage): string | undefined {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const timestamp = Number(header(CONNECT_HEADERS.timestamp));
    const nonce = header(CONNECT_HEADERS.nonce);
    const signature = header(CONNECT_HEADERS.signature);
    const serverId = header(CONNECT_HEADERS.serverId);
    if (request.url !== LINK_PATHS.connect || serverId !== this.serverId) return 'HOST_UNKNOWN';
    if (this.#isSkewed(timestamp)) return 'HOST_CLOCK_SKEW';
    if (!/^[0-9a-f]{32}$/.test(nonce) || this.#nonces.has(nonce)) return 'HOST_NONCE_REPEATED';
    if (!/^[0-9a-f]{128}$/.test(signature) || this.#publicKeyHex === undefined)
      return 'HOST_SIGNATURE_INVALID';
    this.#nonces.add(nonce);
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    const key = createPublicKey({
      key: Buffer.concat([prefix, Buffer.from(this.#publicKeyHex, 'hex')]),
      format: 'der',
      type: 'spki',
    });
    const text = Buffer.from(connectSigningText(serverId, timestamp, nonce));
    return verify(null, text, key, Buffer.from(signature, 'hex')) ? undefined : 'HOST_SIGNATURE_INVALID';
  }

  #isSkewed(timestamp: number): boolean {
    const nowSeconds = Date.now() / 1000 + this.clockOffsetSeconds;
    return !(Math.abs(nowSeconds - timestamp) <= LINK_CLOCK_SKEW_SECONDS_MAX);
  }

  #receive(socket: WebSocket, text: string): void {
    const message = HostMessage().parse(JSON.parse(text));
    if (message.type === 'ping') {
      if (this.answersPings) socket.send(PONG_TEXT);
      return;
    }
    this.received.push(message);
    if (message.type === 'completed' || message.type === 'failed') this.#ends.emit(message.operation_id);
    if (message.type === 'hello') {
      const { serverId, quarantine, ticketKeys } = this;
      const welcome = { server_id: serverId, server_name: 'test-host', quarantine, ticket_keys: ticketKeys };
      socket.send(JSON.stringify({ type: 'welcome', ...welcome }));
    }
    if (!this.acknowledges) return;
    if (message.type === 'completed' || message.type === 'failed') this.acknowledge(message.operation_id);
    if (message.type === 'report') this.acknowledge(message.report_id);
  }
}
