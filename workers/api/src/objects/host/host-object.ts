import { randomHex, createLogger, describeError, type Logger } from '@control-plane/serving';
import { DurableObject } from 'cloudflare:workers';
import {
  CONNECT_HEADERS,
  HostMessage,
  LINK_MESSAGE_BYTES_MAX,
  LINK_PING_INTERVAL_MS,
  PING_TEXT,
  PONG_TEXT,
  type AskKind,
  type ControlMessage,
  type Hello,
  type HostCapabilities,
  type HostCommand,
  type TransferEndpoint,
} from '@control-plane/contract/link';
import { errorBody } from '@control-plane/contract/errors';
import { openDatabase, recordHostHello, setServerReady, type Database } from '@control-plane/database';
import type { Env } from '../../env.ts';
import type { HostReport } from '../container/messages.ts';
import type { UnsentDispatch } from '../container/store.ts';
import { HostStore, type HostIdentity } from './host-store.ts';
import { ProgressGate } from './progress-gate.ts';
import { progressOf } from './progress-of.ts';
import { reconcileInventory } from './reconcile-inventory.ts';
import { ticketKeys } from './ticket-keys.ts';
import { verifyConnect } from './verify-connect.ts';
import { WarmPool } from './warm-pool.ts';
import { WarmStore, type WarmKind } from './warm-store.ts';
import { containerGateway } from '../gateways.ts';

export interface HostStatus {
  readonly connected: boolean;
  readonly serverName: string | null;
  readonly capabilities: HostCapabilities | null;
  readonly imageNames: string[];
  readonly defaultImage: string | null;
  readonly queuedDispatches: number;
  /** Raw Ed25519 key in hex; null before the host enrolled. */
  readonly publicKey: string | null;
  /** Where other hosts reach it for transfers; null: nowhere. */
  readonly transfer: TransferEndpoint | null;
  /** Kinds of machine that it may hold ready. */
  readonly warmKinds: WarmKind[];
}

export type AskResult =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly reason: 'offline' | 'timeout' | 'refused'; readonly message: string };

/** Three silent intervals: the host is gone. */
const SILENCE_MS = 3 * LINK_PING_INTERVAL_MS;
/** A daemon that was heard of within this time is surely alive: one that was restarted waits no longer than that. */
const IN_USE_MS = 1.5 * LINK_PING_INTERVAL_MS;
const ASKS_MAX = 200;

/**
 * One host. Owns its link, its queue of dispatches and the list of machines that belong on it. A dispatch
 * stays queued here until the daemon's outcome has been taken by the container's object.
 */
export class HostObject extends DurableObject<Env> {
  readonly #store: HostStore;
  readonly #database: Database;
  readonly #pool: WarmPool;
  readonly #progress = new ProgressGate();
  #log: Logger;
  readonly #asks = new Map<string, (result: AskResult) => void>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new HostStore(ctx.storage);
    this.#database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
    this.#log = createLogger({ component: 'host-object', server_id: ctx.id.name ?? null });
    this.#pool = new WarmPool({
      env,
      store: new WarmStore(ctx.storage.sql),
      database: this.#database,
      identity: () => this.#store.identity(),
      isConnected: () => this.#link() !== null,
      log: this.#log,
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING_TEXT, PONG_TEXT));
  }

  /** Takes the host's key. A new enrolment (with a new join token) replaces the key and ends the old link. */
  async enroll(identity: HostIdentity): Promise<void> {
    const known = this.#store.identity();
    this.#store.setIdentity(identity);
    if (known !== null && known.publicKey !== identity.publicKey)
      this.#closeLinks('replaced by a new enrolment');
    this.#log.info('host enrolled', { server_name: identity.serverName });
  }

  async status(): Promise<HostStatus> {
    const hello = this.#store.hello();
    const connected = this.#link() !== null && hello !== null;
    return {
      connected,
      serverName: this.#store.identity()?.serverName ?? null,
      capabilities: hello?.capabilities ?? null,
      imageNames: hello?.images.map(({ name }) => name) ?? [],
      defaultImage: hello?.images.find(({ is_default }) => is_default)?.name ?? null,
      queuedDispatches: this.#store.dispatchCount(),
      publicKey: this.#store.identity()?.publicKey ?? null,
      transfer: hello?.facts.transfer ?? null,
      warmKinds: connected ? this.#pool.kinds() : [],
    };
  }

  /** Takes a dispatch over: from now on this object delivers it. The same operation id again changes nothing. */
  async dispatch(dispatch: UnsentDispatch): Promise<void> {
    const kept = this.#store.keep(dispatch);
    const link = this.#link();
    if (link !== null) this.#send(link, kept);
  }

  /**
   * Gives an operation up: it is not delivered again, and a host that has it is told to drop it. What the
   * host makes of it all the same no longer counts; its container asks what the machine is.
   */
  async cancel(operationId: string): Promise<void> {
    this.#store.deleteDispatch(operationId);
    const link = this.#link();
    if (link !== null) this.#send(link, { type: 'cancel', operation_id: operationId });
  }

  /** A machine that is ready for whoever claims it, or null. The same claim again gets the same machine. */
  async claimWarm(claimId: string, kind: WarmKind): Promise<string | null> {
    const containerId = this.#pool.claim(claimId, kind);
    this.ctx.waitUntil(this.#pool.tend());
    return containerId;
  }

  /** What became of a claimed machine. */
  async settleWarm(containerId: string, end: 'taken' | 'unused' | 'broken'): Promise<void> {
    this.#pool.settle(containerId, end);
    this.ctx.waitUntil(this.#pool.tend());
  }

  /** Asks the host something read-only; never queued. */
  async ask(kind: AskKind, containerId: string, timeoutMs: number): Promise<AskResult> {
    const link = this.#link();
    if (link === null || this.#asks.size >= ASKS_MAX) {
      return { ok: false, reason: 'offline', message: 'The host is not connected' };
    }
    const askId = randomHex(32);
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => finish({ ok: false, reason: 'timeout', message: 'The host did not answer' }),
        timeoutMs,
      );
      const finish = (result: AskResult): void => {
        clearTimeout(timer);
        this.#asks.delete(askId);
        resolve(result);
      };
      this.#asks.set(askId, finish);
      this.#send(link, { type: 'ask', ask_id: askId, kind, container_id: containerId });
    });
  }

  /** The signed WebSocket upgrade of the daemon. */
  override async fetch(request: Request): Promise<Response> {
    const refusal = await verifyConnect(this.#store, request.headers, Date.now());
    if (refusal !== null) {
      this.#log.warn('link refused', { code: refusal.code });
      return Response.json(errorBody(refusal), { status: errorBody(refusal).statusCode });
    }
    const instance = instanceOf(request.headers);
    if (this.#isHeldByAnother(instance)) {
      this.#log.warn('link refused', { code: 'HOST_IDENTITY_IN_USE' });
      const message =
        'Another daemon with this identity is connected; each host needs an enrolment of its own';
      const body = errorBody({ code: 'HOST_IDENTITY_IN_USE', message });
      return Response.json(body, { status: body.statusCode });
    }
    this.#closeLinks('replaced by a newer connection');
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, instance === null ? [] : [instance]);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(link: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    if (typeof raw !== 'string' || raw.length > LINK_MESSAGE_BYTES_MAX)
      return link.close(1009, 'message too large');
    const message = parseMessage(raw);
    if (message === null) {
      this.#log.warn('malformed link message');
      return link.close(1008, 'malformed message');
    }
    switch (message.type) {
      case 'hello':
        return this.#welcome(link, message);
      case 'ping':
        this.#send(link, { type: 'pong' });
        return;
      case 'accepted':
        return;
      case 'progress':
        // Lost words are made good by the next ones.
        if (this.#progress.isOpen(message.operation_id, Date.now())) {
          await this.#container(message.container_id)
            .progress(progressOf(message))
            .catch(() => {});
        }
        return;
      case 'completed':
        await this.#takeOutcome(message, { result: message.result, error: null });
        this.#send(link, { type: 'acknowledged', id: message.operation_id });
        return;
      case 'failed':
        await this.#takeOutcome(message, { result: null, error: message.error });
        this.#send(link, { type: 'acknowledged', id: message.operation_id });
        return;
      case 'report':
        await this.#container(message.container_id).observe({
          incarnation: message.incarnation,
          state: message.state,
          cause: message.cause,
        });
        this.#send(link, { type: 'acknowledged', id: message.report_id });
        return;
      case 'answer': {
        const finish = this.#asks.get(message.ask_id);
        if (message.error === undefined) finish?.({ ok: true, data: message.data });
        else finish?.({ ok: false, reason: 'refused', message: message.error.message });
      }
    }
  }

  override async webSocketClose(link: WebSocket, code: number): Promise<void> {
    // 1005 (no code) can't be sent back.
    link.close(code === 1005 || code === 1006 ? 1000 : code);
    await this.#linkGone(link);
  }

  override async webSocketError(link: WebSocket): Promise<void> {
    await this.#linkGone(link);
  }

  /** Finds a link that went silent without closing. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    for (const link of this.ctx.getWebSockets()) {
      if (now - this.#lastHeard(link) > SILENCE_MS) {
        this.#log.warn('link silent, closing');
        link.close(1001, 'silent for too long');
        await this.#linkGone(link);
      }
    }
    if (this.#link() === null) return;
    await this.ctx.storage.setAlarm(now + LINK_PING_INTERVAL_MS);
    await this.#pool.tend();
  }

  async #welcome(link: WebSocket, hello: Hello): Promise<void> {
    const identity = this.#store.identity();
    if (identity === null) return link.close(1008, 'not enrolled');
    this.#store.setHello(hello);
    const quarantine = await reconcileInventory(this.#store, hello.inventory, (containerId) =>
      this.#container(containerId),
    );
    this.#send(link, {
      type: 'welcome',
      server_id: identity.serverId,
      server_name: identity.serverName,
      quarantine,
      ticket_keys: await ticketKeys(this.env),
    });
    link.serializeAttachment({ welcomed: true, connectedAt: Date.now() });
    // What was on the wire when the last link broke may have been lost; the daemon knows repeated ids.
    for (const dispatch of this.#store.dispatches()) this.#send(link, dispatch);
    await this.ctx.storage.setAlarm(Date.now() + LINK_PING_INTERVAL_MS);
    this.ctx.waitUntil(this.#pool.tend());
    this.#log.info('host connected', { quarantined: quarantine.length, machines: hello.inventory.length });
    try {
      await recordHostHello(this.#database, identity.serverId, hello, Date.now());
    } catch (error) {
      this.#log.error('host facts not recorded', { error: describeError(error) });
    }
  }

  /** Hands an outcome to its container and forgets the dispatch once it was taken. Throws: then it is repeated. */
  async #takeOutcome(
    message: { operation_id: string; container_id: string; incarnation: number },
    outcome: Pick<HostReport, 'result' | 'error'>,
  ): Promise<void> {
    const dispatch = this.#store.dispatch(message.operation_id);
    await this.#container(message.container_id).report({
      operationId: message.operation_id,
      incarnation: message.incarnation,
      kind: kindOf(dispatch?.command),
      ...outcome,
    });
    const isGone = dispatch?.command === 'delete' && outcome.error === null;
    if (isGone) this.#store.forgetMachine(message.container_id);
    this.#store.deleteDispatch(message.operation_id);
    this.#progress.close(message.operation_id);
    if (this.#pool.has(message.container_id)) this.ctx.waitUntil(this.#pool.tend());
  }

  /** What can't be sent now is sent again after the next connect. */
  #send(link: WebSocket, message: ControlMessage): void {
    try {
      link.send(JSON.stringify(message));
    } catch (error) {
      this.#log.warn('link send failed', { error: describeError(error) });
    }
  }

  /** The live link, or null. A link counts once it said hello and while it is heard of. */
  #link(): WebSocket | null {
    const now = Date.now();
    for (const link of this.ctx.getWebSockets()) {
      const isOpen = link.readyState === WebSocket.READY_STATE_OPEN;
      if (isOpen && attachment(link).welcomed && now - this.#lastHeard(link) <= SILENCE_MS) return link;
    }
    return null;
  }

  /** Whether a daemon that is another one than `instance` was heard of lately: two hosts have one identity then. */
  #isHeldByAnother(instance: string | null): boolean {
    const link = this.#link();
    if (link === null || instance === null) return false;
    const [holder] = this.ctx.getTags(link);
    return holder !== undefined && holder !== instance && Date.now() - this.#lastHeard(link) <= IN_USE_MS;
  }

  #lastHeard(link: WebSocket): number {
    const answered = this.ctx.getWebSocketAutoResponseTimestamp(link)?.getTime() ?? 0;
    return Math.max(answered, attachment(link).connectedAt);
  }

  #closeLinks(reason: string): void {
    for (const link of this.ctx.getWebSockets()) {
      link.serializeAttachment({ welcomed: false, connectedAt: Date.now() });
      link.close(1000, reason);
    }
  }

  async #linkGone(link: WebSocket): Promise<void> {
    link.serializeAttachment({ welcomed: false, connectedAt: 0 });
    if (this.#link() !== null) return;
    for (const finish of Array.from(this.#asks.values())) {
      finish({ ok: false, reason: 'offline', message: 'The host went away' });
    }
    const serverId = this.#store.identity()?.serverId;
    this.#log.warn('host disconnected');
    if (serverId !== undefined) {
      await setServerReady(this.#database, serverId, false, Date.now()).catch((error: unknown) =>
        this.#log.error('server state not recorded', { error: describeError(error) }),
      );
    }
  }

  #container(containerId: string) {
    return containerGateway(this.env, containerId);
  }
}

/** Which daemon connects; null: one of an older version, which does not say. */
function instanceOf(headers: Headers): string | null {
  const instance = headers.get(CONNECT_HEADERS.instance) ?? '';
  return /^[0-9a-f]{32}$/.test(instance) ? instance : null;
}

function attachment(link: WebSocket): { welcomed: boolean; connectedAt: number } {
  const value: unknown = link.deserializeAttachment();
  if (typeof value === 'object' && value !== null && 'welcomed' in value && 'connectedAt' in value) {
    return { welcomed: value.welcomed === true, connectedAt: Number(value.connectedAt) };
  }
  return { welcomed: false, connectedAt: Date.now() };
}

/** How a container's object takes the outcome of a dispatch. */
function kindOf(command: HostCommand | undefined): HostReport['kind'] {
  if (command === 'inspect') return 'inspection';
  return command === 'release-copy' ? 'release' : 'operation';
}

function parseMessage(raw: string): HostMessage | null {
  try {
    const parsed = HostMessage().safeParse(JSON.parse(raw));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
