import type { HostErrorCode, TicketKey } from '@control-plane/contract/link';
import { verifyTransferTicket, type TicketError, type TransferTicket } from '@control-plane/signing';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { StorageDriver } from '../drivers/types.ts';
import type { HostKey } from '../link/host-key.ts';
import { describeError, fail, succeed, type Outcome } from '../outcome.ts';
import { FrameReader, writeMessage } from './frames.ts';
import { Request } from './messages.ts';
import { sendCopy } from './send-copy.ts';
import type { TicketBook } from './ticket-book.ts';
import { handshakeTimeoutMs, idleTimeoutMs, peerKeyOf, tlsOptions } from './tls-options.ts';

export type TransferServerOptions = {
  readonly serverId: string;
  readonly key: HostKey;
  readonly storage: StorageDriver;
  readonly tickets: TicketBook;
  /** Keys that tickets may be signed by, as the control plane told them last. */
  readonly ticketKeys: () => readonly TicketKey[];
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Connections at the same time, those that have not said anything yet included. */
const connectionsMax = 32;

const refusals: Readonly<Record<TicketError, string>> = {
  malformed_ticket: 'The ticket is none.',
  unknown_key: 'The ticket is signed by nobody that this host knows.',
  bad_signature: 'The ticket was altered.',
  expired: 'The ticket has expired, or this host’s clock is fast.',
  lives_too_long: 'The ticket is valid for too long, or this host’s clock is slow.',
  other_source: 'The ticket is for another source.',
  other_target: 'The ticket was given to another host.',
};

type Sending = { readonly containerId: string; readonly socket: TLSSocket; readonly ended: Promise<void> };

/** Gives copy points to other hosts that bring a ticket for them. Nothing is ever written on a peer's word. */
export class TransferServer {
  readonly #options: TransferServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<TLSSocket>();
  /** By ticket. */
  readonly #sending = new Map<string, Sending>();
  /** Machines that nothing may be sent of at the moment. */
  readonly #held = new Map<string, Promise<unknown>>();

  constructor(options: TransferServerOptions) {
    this.#options = options;
    this.#server = createServer({
      ...tlsOptions(options.key),
      requestCert: true,
      handshakeTimeout: handshakeTimeoutMs,
    });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('secureConnection', (socket) => void this.#serve(socket));
  }

  /** Listens; gives the port. Throws when the address can't be had. */
  async listen(address: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => resolve());
    });
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : port;
  }

  /** Runs `action` while nothing of a machine is being sent; what was going out breaks off and may go on later. */
  async whileNotSending<T>(containerId: string, action: () => Promise<T>): Promise<T> {
    const earlier = this.#held.get(containerId) ?? Promise.resolve();
    const running = earlier.then(async () => {
      const going = [...this.#sending.values()].filter((sending) => sending.containerId === containerId);
      for (const { socket } of going) socket.destroy();
      await Promise.all(going.map(({ ended }) => ended));
      return action();
    });
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    this.#held.set(containerId, settled);
    try {
      return await running;
    } finally {
      if (this.#held.get(containerId) === settled) this.#held.delete(containerId);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([...this.#sending.values()].map(({ ended }) => ended));
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(socket: TLSSocket): Promise<void> {
    const { logger } = this.#options;
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', () => undefined);
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy());
    try {
      await this.#converse(socket);
    } catch (error) {
      logger.warn({ reason: describeError(error), peer: socket.remoteAddress }, 'a transfer broke off');
    } finally {
      socket.end();
      // What the peer still has to say is of no interest.
      socket.setTimeout(handshakeTimeoutMs);
      socket.resume();
    }
  }

  async #converse(socket: TLSSocket): Promise<void> {
    const { logger, tickets } = this.#options;
    const reader = new FrameReader(socket);
    const frame = await reader.next();
    const request = frame?.kind === 'message' ? Request.safeParse(frame.content).data : undefined;
    if (request === undefined)
      return this.#refuse(socket, fail('TRANSFER_FAILED', 'The request is none.').failure);
    const admitted = await this.#admit(socket, request);
    if (!admitted.ok) return this.#refuse(socket, admitted.failure);
    const ticket = admitted.value;
    socket.setTimeout(idleTimeoutMs);
    const { source_container_id: containerId, ticket_id: ticketId } = ticket;
    // The same transfer on an older connection: the peer has given that up.
    const older = this.#sending.get(ticketId);
    older?.socket.destroy();
    await older?.ended;
    await this.#held.get(containerId);
    const running = sendCopy({ connection: socket, reader, storage: this.#options.storage, ticket, request });
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    const sending: Sending = { containerId, socket, ended };
    this.#sending.set(ticketId, sending);
    logger.info(
      { container_id: containerId, ticket_id: ticketId, copy_point: ticket.copy_point },
      'sending a copy',
    );
    try {
      const sent = await running;
      if (!sent.ok) return await this.#refuse(socket, sent.failure);
      tickets.settle(ticketId);
      logger.info({ container_id: containerId, ticket_id: ticketId }, 'a copy was sent and taken');
    } finally {
      if (this.#sending.get(ticketId) === sending) this.#sending.delete(ticketId);
    }
  }

  async #admit(socket: TLSSocket, request: Request): Promise<Outcome<TransferTicket>> {
    const { serverId, tickets, ticketKeys, now } = this.#options;
    const verified = await verifyTransferTicket(
      ticketKeys().map(({ kid, public_key: publicHex }) => ({ kid, publicHex })),
      request.ticket,
      {
        sourceServerId: serverId,
        peerPublicKey: peerKeyOf(socket) ?? '',
        nowSeconds: Math.floor(now() / 1000),
        isUnderWay: (ticketId) => tickets.isUnderWay(ticketId, request.session),
      },
    );
    if (!verified.ok) return fail('TICKET_REFUSED', refusals[verified.error]);
    const ticket = verified.value;
    if (request.container_id !== ticket.source_container_id || request.copy_point !== ticket.copy_point)
      return fail('TICKET_REFUSED', 'The ticket is for something else.');
    if (!tickets.use(ticket.ticket_id, request.session, ticket.expires_at * 1000, now()))
      return fail('TICKET_REFUSED', 'The ticket has been used.');
    return succeed(ticket);
  }

  async #refuse(socket: TLSSocket, failure: { code: HostErrorCode; message: string }): Promise<void> {
    this.#options.logger.warn(
      { code: failure.code, reason: failure.message, peer: socket.remoteAddress },
      'a transfer was refused',
    );
    await writeMessage(socket, { type: 'refused', code: failure.code, message: failure.message });
  }
}
