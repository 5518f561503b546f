import { ImageStore, imagesDirectory } from '@control-plane/node-daemon/image-store';
import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, eventually } from '../support/api-client.ts';
import { expectLegalHistory } from '../support/history.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

type PublicImages = { readonly images: readonly { readonly image_name: string }[] };

describe('the whole way to real LXC', () => {
  let stack: Awaited<ReturnType<typeof temporaryStack>>;
  let client: ApiClient;
  beforeAll(async () => {
    stack = await temporaryStack({ driver: 'lxc' });
    client = new ApiClient(stack.stack);
  });
  afterAll(() => stack.release());

  const command = async (id: string, verb: string): Promise<void> => {
    await client.expect(200, 'POST', `/containers/${id}/${verb}`);
  };

  it.each(['busybox', 'debian/12', 'debian/13'])(
    '%s: one POST to running, pause, resume, stop, start, delete',
    async (image) => {
      const { id } = await client.createRunning({ container_image: image });
      await command(id, 'pause');
      expect((await client.get(id)).status).toBe('paused');
      await command(id, 'resume');
      expect((await client.get(id)).status).toBe('running');
      await command(id, 'stop');
      expect((await client.get(id)).status).toBe('stopped');
      await command(id, 'start');
      expect((await client.get(id)).status).toBe('running');
      expectLegalHistory(await client.history(id));
      await client.call('DELETE', `/containers/${id}`);
      await eventually('the deletion', async () => {
        const answer = await client.call('GET', `/containers/${id}`);
        return answer.status === 404 ? true : undefined;
      });
    },
  );

  it('the public list of images is what this host really has', async () => {
    const store = new ImageStore(imagesDirectory(process.env));
    const { data } = (await client.expect<PublicImages>(200, 'GET', '/images/public?limit=100')).body;
    const told = data.images.map((image) => image.image_name).toSorted();
    expect(told).toEqual(store.list().map((image) => image.name));
    for (const name of told) expect(statSync(store.rootOf(name) ?? '').isDirectory()).toBe(true);
  });

  it('a machine lives on while its daemon is killed and comes back', async () => {
    const { id } = await client.createRunning({ container_image: 'busybox' });
    await stack.stack.restartDaemon();
    await stack.stack.waitUntilReady();
    expect((await client.get(id)).status).toBe('running');
    await command(id, 'stop');
    await client.call('DELETE', `/containers/${id}`);
  });
});
