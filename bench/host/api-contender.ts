import { executeThroughDaemon } from '@control-plane/node-daemon/local-client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { startStack, type Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, type Container } from '../../tests/support/api-client.ts';
import type { Contender } from './contender.ts';

const Taken = z.object({ snapshot: z.object({ name: z.string() }) });

/** The whole way: HTTP, router, api, objects, link, daemon. */
export class ApiContender implements Contender {
  readonly name = 'full API';
  readonly #stack: Stack;
  readonly #client: ApiClient;
  readonly #folder: string;
  readonly #snapshots = new Map<string, string>();

  private constructor(stack: Stack, folder: string) {
    this.#stack = stack;
    this.#client = new ApiClient(stack);
    this.#folder = folder;
  }

  static async start(): Promise<ApiContender> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    return new ApiContender(await startStack({ dataDir: folder, driver: 'lxc' }), folder);
  }

  async create(image: string): Promise<string> {
    const container = await this.#client.createRunning({ container_image: image, cpu: 1, memory: 0.5 });
    return container.id;
  }

  async succeeds(id: string, command: string): Promise<boolean> {
    const argv = ['/bin/sh', '-c', command];
    const answer = await executeThroughDaemon(this.#stack.data.hostFolder, { container: id, argv });
    return answer.exit_code === 0;
  }

  pause(id: string): Promise<void> {
    return this.#command(id, 'pause');
  }

  resume(id: string): Promise<void> {
    return this.#command(id, 'resume');
  }

  async snapshot(id: string): Promise<void> {
    const taken = await this.#client.expect(200, 'POST', `/containers/${id}/snapshots`, { stateful: false });
    this.#snapshots.set(id, Taken.parse(taken.body.data).snapshot.name);
  }

  /** Here a copy runs afterwards. */
  async copy(id: string): Promise<string> {
    const body = {
      target_project_id: this.#stack.bootstrap.project_id,
      source_snapshot: this.#snapshots.get(id),
    };
    const made = await this.#client.expect<Container>(201, 'POST', `/containers/${id}/copy`, body);
    const { id: copy, operation } = made.body.data;
    const outcome = operation === null ? null : await this.#client.outcome(operation.id);
    if (outcome !== null && outcome['status'] !== 'succeeded') throw new Error(JSON.stringify(outcome));
    return copy;
  }

  kill(id: string): Promise<void> {
    return this.#command(id, 'force-stop');
  }

  async restore(id: string): Promise<void> {
    await this.#client.expect(200, 'PUT', `/containers/${id}/snapshots/${this.#snapshots.get(id)}`);
  }

  start(id: string): Promise<void> {
    return this.#command(id, 'start');
  }

  async remove(id: string): Promise<void> {
    await this.#client.expect(200, 'DELETE', `/containers/${id}`);
  }

  async close(): Promise<void> {
    await this.#stack.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #command(id: string, verb: string): Promise<void> {
    await this.#client.expect(200, 'POST', `/containers/${id}/${verb}`);
  }
}
