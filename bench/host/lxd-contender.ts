import * as z from 'zod';
import type { Contender } from './contender.ts';
import type { LxdServer } from './lxd-server.ts';

const stopTimeoutSeconds = 10;
const snapshotName = 'held';
const Ended = z.object({ metadata: z.object({ return: z.number() }) });

/** Alias of an image of ours in LXD. */
export function aliasOf(image: string): string {
  return image.replaceAll(/[^a-z0-9]/g, '-');
}

/** Debian's LXD through its REST interface on its unix socket. */
export class LxdContender implements Contender {
  readonly name: string;
  readonly #server: LxdServer;
  #made = 0;

  constructor(server: LxdServer, version: string) {
    this.#server = server;
    this.name = `LXD ${version}`;
  }

  async create(image: string): Promise<string> {
    this.#made += 1;
    const id = `bench${this.#made}`;
    const source = { type: 'image', alias: aliasOf(image) };
    await this.#call('POST', '/1.0/instances', { name: id, source });
    await this.start(id);
    return id;
  }

  async execute(id: string): Promise<void> {
    await this.#execute(id, ['/bin/true']);
  }

  async succeeds(id: string, command: string): Promise<boolean> {
    const operation = await this.#execute(id, ['/bin/sh', '-c', command]);
    return Ended.parse(operation).metadata.return === 0;
  }

  pause(id: string): Promise<void> {
    return this.#setState(id, 'freeze');
  }

  resume(id: string): Promise<void> {
    return this.#setState(id, 'unfreeze');
  }

  async snapshot(id: string): Promise<void> {
    await this.#call('POST', `/1.0/instances/${id}/snapshots`, { name: snapshotName, stateful: false });
  }

  async copy(id: string): Promise<string> {
    const source = { type: 'copy', source: `${id}/${snapshotName}` };
    await this.#call('POST', '/1.0/instances', { name: `${id}copy`, profiles: ['default'], source });
    return `${id}copy`;
  }

  kill(id: string): Promise<void> {
    return this.#setState(id, 'stop', true);
  }

  async restore(id: string): Promise<void> {
    await this.#call('PUT', `/1.0/instances/${id}`, { restore: snapshotName });
  }

  start(id: string): Promise<void> {
    return this.#setState(id, 'start');
  }

  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/1.0/instances/${id}`);
  }

  close(): Promise<void> {
    return this.#server.stop();
  }

  #execute(id: string, command: readonly string[]): Promise<unknown> {
    const body = { command, 'wait-for-websocket': false, interactive: false };
    return this.#call('POST', `/1.0/instances/${id}/exec`, body);
  }

  async #setState(id: string, action: string, force = false): Promise<void> {
    await this.#call('PUT', `/1.0/instances/${id}/state`, { action, force, timeout: stopTimeoutSeconds });
  }

  #call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#server.client.call(method, path, body);
  }
}
