import { request } from 'node:http';
import * as z from 'zod';

const Answer = z.object({
  type: z.enum(['sync', 'async', 'error']),
  error: z.string().optional(),
  operation: z.string().optional(),
  metadata: z.unknown().optional(),
});
const Operation = z.object({ status_code: z.number(), err: z.string().catch('') });
const success = 200;
const timeoutMs = 120_000;

/** LXD's REST interface on its unix socket, as `lxc` uses it; each call waits for the operation that it begins. */
export class LxdClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Resolves with an answer's metadata once what was asked for has happened. Rejects with LXD's own words. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = Answer.parse(
      JSON.parse(await this.#exchange(method, path, JSON.stringify(body ?? {}), 'json')),
    );
    if (answer.type === 'error') throw new Error(`LXD: ${method} ${path}: ${answer.error ?? 'no reason'}`);
    if (answer.type === 'sync') return answer.metadata;
    const ended = await this.call('GET', `${answer.operation ?? ''}/wait`);
    const { status_code: status, err } = Operation.parse(ended);
    if (status !== success) throw new Error(`LXD: ${method} ${path}: ${err}`);
    return ended;
  }

  #exchange(method: string, path: string, body: string, type: string): Promise<string> {
    const headers = {
      'content-type': `application/${type}`,
      'content-length': String(Buffer.byteLength(body)),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath: this.#socketPath, method, path, headers, signal },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}
