import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:tls';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadHostKey, type HostKey } from '../link/host-key.ts';
import { dialSource } from './dial-source.ts';
import { tlsOptions } from './tls-options.ts';

describe('a host with several addresses', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dial-'));
  const [own, source, stranger] = [makeKey('own'), makeKey('source'), makeKey('stranger')];
  const servers: Server[] = [];
  let port = 0;

  function makeKey(name: string): HostKey {
    mkdirSync(path.join(folder, name));
    return loadHostKey(path.join(folder, name));
  }

  /** A host at one of the loopback's addresses; all have one port. */
  async function listen(key: HostKey, address: string): Promise<void> {
    const server = createServer({ ...tlsOptions(key), requestCert: true });
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
    servers.push(server);
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) port = bound.port;
  }

  beforeAll(async () => {
    await listen(source, '127.0.0.1');
    await listen(stranger, '127.0.0.2');
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(folder, { recursive: true, force: true });
  });

  const dial = (...addresses: string[]) =>
    dialSource({
      endpoint: { addresses, port },
      publicKey: source.publicKeyHex,
      key: own,
      signal: new AbortController().signal,
    });

  it.each([
    ['the first', ['127.0.0.1', '127.0.0.2']],
    ['one after another where nobody answers', ['127.0.0.3', '127.0.0.1']],
    ['one after another host’s', ['127.0.0.2', '127.0.0.1']],
  ])('is found at %s', async (_where, addresses) => {
    const socket = await dial(...addresses);
    if (typeof socket === 'string') throw new Error(socket);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('is not found: only others are there, or somebody may be there later', async () => {
    expect(await dial('127.0.0.2')).toBe('other key');
    expect(await dial('127.0.0.3')).toBe('unreachable');
    expect(await dial('127.0.0.2', '127.0.0.3')).toBe('unreachable');
  });
});
