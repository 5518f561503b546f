import type { TransferEndpoint } from '@control-plane/contract/link';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Passes connections on to a daemon, and cuts each after as many bytes from it as `cuts` says, one number per
 * connection; when they are used up, connections last. With `stallsAfter` they stand still after so many bytes.
 * Bytes are encrypted: it cuts wherever that is.
 */
export class CuttingProxy {
  readonly #server: Server;
  readonly #target: TransferEndpoint;
  readonly #cuts: number[];
  readonly #sockets = new Set<Socket>();
  connections = 0;
  /** Bytes after which a connection stands still. */
  stallsAfter: number;
  /** Connections that stand still. */
  stalled = 0;

  constructor(target: TransferEndpoint, cuts: readonly number[], stallsAfter = Infinity) {
    this.#target = target;
    this.#cuts = [...cuts];
    this.stallsAfter = stallsAfter;
    this.#server = createServer((socket) => this.#pass(socket));
  }

  /** Where it listens. */
  async listen(): Promise<TransferEndpoint> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const bound = this.#server.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('The proxy has no address.');
    return { addresses: ['127.0.0.1'], port: bound.port };
  }

  /** Cuts every connection that there is. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(near: Socket): void {
    this.connections += 1;
    let left = this.#cuts.shift() ?? Infinity;
    let passed = 0;
    const far = connect(this.#target.port, this.#target.addresses[0]);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      near.write(chunk.subarray(0, Math.min(chunk.length, left)));
      left -= chunk.length;
      passed += chunk.length;
      if (passed >= this.stallsAfter) {
        this.stalled += 1;
        far.pause();
      }
      if (left <= 0) far.destroy();
    });
  }
}
