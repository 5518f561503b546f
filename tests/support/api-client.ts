import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { answerFault } from './answer-shape.ts';

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  readonly body: {
    readonly statusCode: number;
    readonly message: string;
    readonly error?: string;
    readonly code?: string;
    readonly data: T;
  };
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly incarnation: number;
  readonly environment_vars: Record<string, string>;
  readonly operation: { readonly id: string; readonly command: string } | null;
  readonly urls: Record<string, string>;
  readonly [field: string]: unknown;
}

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Realm label of the host; absent: the base host. */
  readonly realm?: string;
}

/** What a client of the API does, over real HTTP against a running stack. */
export class ApiClient {
  readonly #stack: Stack;
  readonly #token: string;

  constructor(stack: Stack, token: string = stack.bootstrap.operator.token) {
    this.#stack = stack;
    this.#token = token;
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const { apiDomain, port } = this.#stack;
    const answer = await httpCall(port, {
      method,
      path: `/api/v1${path}`,
      host: options.realm === undefined ? apiDomain : `${options.realm}.${apiDomain}`,
      headers: {
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const result = { status: answer.status, headers: answer.headers, body: answer.json as Answer<T>['body'] };
    const fault = answerFault(method, `/api/v1${path}`, result);
    if (fault !== null)
      throw new Error(`${method} ${path} answered what the route table does not promise: ${fault}`);
    return result;
  }

  /** As `call`, and fails with the whole answer when the status is another one. */
  async expect<T = Record<string, unknown>>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const answer = await this.call<T>(method, path, body, options);
    if (answer.status !== status) {
      throw new Error(
        `${method} ${path} answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`,
      );
    }
    return answer;
  }

  /** Creates a container in the operator's project and on the stack's server; answers at once. */
  async create(fields: Record<string, unknown> = {}, options: CallOptions = {}): Promise<Container> {
    const { project_id: projectId, server_id: serverId } = this.#stack.bootstrap;
    const body = { server_id: serverId, hoody_kit: false, ramdisk: false, ...fields };
    return (await this.expect<Container>(201, 'POST', `/projects/${projectId}/containers`, body, options))
      .body.data;
  }

  async get(id: string): Promise<Container> {
    return (await this.expect<Container>(200, 'GET', `/containers/${id}`)).body.data;
  }

  /** Waits until an operation has its outcome and returns it. */
  async outcome(operationId: string): Promise<Record<string, unknown>> {
    const answer = await this.expect(200, 'GET', `/operations/${operationId}?wait=60`);
    return answer.body.data;
  }

  /** Creates a container and waits until it runs. */
  async createRunning(fields: Record<string, unknown> = {}): Promise<Container> {
    const created = await this.create(fields);
    if (created.operation !== null) {
      const outcome = await this.outcome(created.operation.id);
      if (outcome['status'] !== 'succeeded') throw new Error(`not created: ${JSON.stringify(outcome)}`);
    }
    const running = await this.get(created.id);
    if (running.status !== 'running') throw new Error(`${created.id} is ${running.status}, not running`);
    return running;
  }

  /** The status log, oldest row first. */
  async history(id: string): Promise<HistoryEntry[]> {
    const answer = await this.expect<{ logs: HistoryEntry[] }>(
      200,
      'GET',
      `/containers/${id}/status-logs?limit=100&sort_order=asc`,
    );
    return answer.body.data.logs;
  }
}

export interface HistoryEntry {
  readonly from_status: string | null;
  readonly to_status: string;
  readonly triggered_by: string;
  readonly duration_ms: number | null;
  readonly metadata: {
    readonly command: string | null;
    readonly operation_id: string | null;
    readonly cause: string | null;
  };
}

/** Polls until `check` gives something other than undefined; fails with `what` after the limit. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined>,
  limitMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 25));
  }
}
