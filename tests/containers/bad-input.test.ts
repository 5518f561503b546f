/** Bad input gets a clear error with its code, and changes nothing. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { request } from 'node:http';
import { CONNECT_HEADERS, LINK_PATHS, connectSigningText } from '@control-plane/contract/link';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient, type Container } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

let stack: Stack;
let release: () => Promise<void>;
let api: ApiClient;
let box: Container;

beforeAll(async () => {
  ({ stack, release } = await temporaryStack());
  api = new ApiClient(stack);
  box = await api.createRunning({ name: 'untouched' });
});
afterAll(() => release());

/** Everything about the container that a refused request must leave as it was. */
async function fingerprint(): Promise<string> {
  return JSON.stringify([await api.get(box.id), await api.history(box.id)]);
}

async function refuses(
  status: number,
  code: string,
  act: () => Promise<{ status: number; body: unknown }>,
): Promise<void> {
  const before = await fingerprint();
  const answer = await act();
  expect(answer).toMatchObject({ status, body: { statusCode: status, code } });
  expect(await fingerprint()).toBe(before);
}

const createPath = () => `/projects/${stack.bootstrap.project_id}/containers`;
const create = (fields: Record<string, unknown>) =>
  api.call('POST', createPath(), { server_id: stack.bootstrap.server_id, ...fields });

describe('containers.create', () => {
  it.each([
    ['too short a name', { name: 'ab' }, 'INVALID_CONTAINER_NAME'],
    ['a name with a space', { name: 'my box' }, 'INVALID_CONTAINER_NAME'],
    ['an unknown field', { colour: 'red' }, 'VALIDATION_ERROR'],
    ['a wrong type', { autostart: 'yes' }, 'VALIDATION_ERROR'],
    ['cpu out of bounds', { cpu: 0 }, 'VALIDATION_ERROR'],
    ['memory out of bounds', { memory: -1 }, 'VALIDATION_ERROR'],
    ['a malformed server id', { server_id: 'here' }, 'INVALID_ID_FORMAT'],
    ['a malformed colour', { color: '#12' }, 'VALIDATION_ERROR'],
    ['a reserved variable', { environment_vars: { LD_PRELOAD: '/x.so' } }, 'VALIDATION_ERROR'],
    ['a variable with a line feed', { environment_vars: { A: 'a\nb' } }, 'VALIDATION_ERROR'],
    [
      'a private SSH key',
      { ssh_public_key: '-----BEGIN OPENSSH PRIVATE KEY-----' },
      'INVALID_PUBLIC_KEY_FORMAT',
    ],
    ['an image that the server lacks', { container_image: 'plan9/4' }, 'IMAGE_NOT_FOUND'],
    ['a malformed realm', { realm_ids: ['prod'] }, 'VALIDATION_ERROR'],
  ])('refuses %s', (_what, fields, code) => refuses(400, code, () => create(fields)));

  it('refuses a duplicate name, a foreign server, a missing project, prespawn', async () => {
    await refuses(409, 'CONTAINER_NAME_IN_USE', () => create({ name: 'untouched' }));
    await refuses(404, 'RESOURCE_NOT_FOUND', () => create({ server_id: 'f'.repeat(24) }));
    await refuses(404, 'RESOURCE_NOT_FOUND', () =>
      api.call('POST', `/projects/${'0'.repeat(24)}/containers`, { server_id: stack.bootstrap.server_id }),
    );
    await refuses(403, 'PRESPAWN_FORBIDDEN', () => create({ prespawn: true }));
  });

  it('refuses a second container with the same SSH key, whatever its comment', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxyZW5hbWVkLWtleS1mb3ItdGVzdHMtb25seS0wMDA';
    await api.createRunning({ ssh_public_key: `${key} first@host` });
    await refuses(409, 'SSH_PUBLIC_KEY_IN_USE', () => create({ ssh_public_key: `${key} second@host` }));
  });

  it('refuses the container over the limit of its project', async () => {
    const project = await api.expect<{ id: string }>(201, 'POST', '/projects/', {
      alias: 'narrow',
      max_containers: 1,
    });
    const path = `/projects/${project.body.data.id}/containers`;
    const body = { server_id: stack.bootstrap.server_id, hoody_kit: false };
    await api.expect(201, 'POST', path, body);
    await refuses(400, 'PROJECT_CONTAINER_LIMIT', () => api.call('POST', path, body));
  });
});

describe('containers', () => {
  it('malformed and unknown ids', async () => {
    await refuses(400, 'INVALID_ID_FORMAT', () => api.call('GET', '/containers/not-an-id'));
    await refuses(404, 'CONTAINER_NOT_FOUND', () => api.call('GET', `/containers/${'0'.repeat(24)}`));
    await refuses(404, 'OPERATION_NOT_FOUND', () => api.call('GET', `/operations/${'0'.repeat(32)}`));
    await refuses(404, 'OPERATION_NOT_FOUND', () => api.call('GET', `/operations/${box.id}00000000`));
  });

  it('wrong state, unknown operation, wrong method, unknown path', async () => {
    const conflict = await api.call('POST', `/containers/${box.id}/resume`);
    expect(conflict).toMatchObject({
      status: 400,
      body: {
        code: 'OPERATION_STATE_CONFLICT',
        data: { error: true, operation: 'resume', status: 'running' },
      },
    });
    await refuses(400, 'OPERATION_STATE_CONFLICT', () => api.call('POST', `/containers/${box.id}/start`));
    await refuses(400, 'VALIDATION_ERROR', () => api.call('POST', `/containers/${box.id}/explode`));
    await refuses(405, 'METHOD_NOT_ALLOWED', () => api.call('DELETE', '/containers'));
    await refuses(404, 'NOT_FOUND', () => api.call('GET', '/nowhere'));
  });

  it('unknown and immutable fields of an update', async () => {
    await refuses(400, 'IMMUTABLE_FIELD', () =>
      api.call('PATCH', `/containers/${box.id}`, { server_id: 'f'.repeat(24) }),
    );
    await refuses(400, 'IMMUTABLE_FIELD', () =>
      api.call('PUT', `/containers/${box.id}`, { hoody_kit: true, name: 'new' }),
    );
    await refuses(400, 'VALIDATION_ERROR', () => api.call('PATCH', `/containers/${box.id}`, { nmae: 'x' }));
    await refuses(400, 'VALIDATION_ERROR', () =>
      api.call('PATCH', `/containers/${box.id}`, { is_admin: true }),
    );
  });

  it('a body that is no JSON, of the wrong type, or too large', async () => {
    const raw = (text: string, type: string) =>
      rawCall('PATCH', `/api/v1/containers/${box.id}`, text, {
        'content-type': type,
        authorization: `Bearer ${stack.bootstrap.operator.token}`,
      });
    await refuses(400, 'INVALID_JSON', () => raw('{"name":', 'application/json'));
    await refuses(415, 'UNSUPPORTED_MEDIA_TYPE', () => raw('name=x', 'application/x-www-form-urlencoded'));
    await refuses(413, 'BODY_TOO_LARGE', () =>
      raw(JSON.stringify({ comment: 'x'.repeat(1_100_000) }), 'application/json'),
    );
    await refuses(400, 'VALIDATION_ERROR', () => raw('{"__proto__":{"is_admin":true}}', 'application/json'));
  });
});

describe('credentials and hosts', () => {
  it('no token, a foreign one, an expired one', async () => {
    await refuses(401, 'MISSING_TOKEN', () => new ApiClient(stack, '').call('GET', `/containers/${box.id}`));
    await refuses(401, 'INVALID_TOKEN', () =>
      new ApiClient(stack, `hdy_${'a'.repeat(24)}_${'b'.repeat(48)}`).call('GET', `/containers/${box.id}`),
    );
    const expired = await api.expect<{ token: string; id: string }>(201, 'POST', '/auth/tokens', {
      alias: 'short',
      permission_template: 'full_access',
      expires_at: Math.floor(Date.now() / 1000) + 1,
    });
    const client = new ApiClient(stack, expired.body.data.token);
    await expect
      .poll(async () => (await client.call('GET', '/projects')).status, { timeout: 5000 })
      .toBe(401);
    await refuses(401, 'TOKEN_EXPIRED', () => client.call('GET', `/containers/${box.id}`));
  });

  it("another user's container is as missing, byte for byte", async () => {
    const [user] = stack.bootstrap.users;
    const login = await new ApiClient(stack, '').expect<{ token: string }>(200, 'POST', '/users/auth/login', {
      username: user?.username,
      password: user?.password,
    });
    const stranger = new ApiClient(stack, login.body.data.token);
    const hidden = await stranger.expect(404, 'GET', `/containers/${box.id}`);
    const missing = await stranger.expect(404, 'GET', `/containers/${'0'.repeat(24)}`);
    expect(hidden.body).toEqual(missing.body);
    await stranger.expect(404, 'DELETE', `/containers/${box.id}`);
  });

  it('a realm host shows only what carries the realm; a label that is no realm is unscoped', async () => {
    const realm = randomBytes(12).toString('hex');
    await api.expect(404, 'GET', `/containers/${box.id}`, undefined, { realm });
    await api.expect(200, 'GET', `/containers/${box.id}`, undefined, { realm: 'no-realm-at-all' });
    const listed = await api.expect<{ containers: unknown[] }>(200, 'GET', '/containers', undefined, {
      realm,
    });
    expect(listed.body.data.containers).toEqual([]);
  });

  it('a host that is not enrolled, not genuine, or whose clock is off, gets no link', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const serverId = stack.bootstrap.server_id;
    const connect = (id: string, timestamp: number) => {
      const nonce = randomBytes(16).toString('hex');
      const signature = sign(
        null,
        Buffer.from(connectSigningText(id, timestamp, nonce)),
        privateKey,
      ).toString('hex');
      return rawCall('GET', LINK_PATHS.connect, null, {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        [CONNECT_HEADERS.serverId]: id,
        [CONNECT_HEADERS.timestamp]: String(timestamp),
        [CONNECT_HEADERS.nonce]: nonce,
        [CONNECT_HEADERS.signature]: signature,
      });
    };
    const now = Math.floor(Date.now() / 1000);
    await refuses(401, 'HOST_NOT_ENROLLED', () => connect('0'.repeat(24), now));
    await refuses(401, 'HOST_SIGNATURE_INVALID', () => connect(serverId, now));
    await refuses(426, 'UPGRADE_REQUIRED', () => rawCall('GET', LINK_PATHS.connect, null, {}));
    const enroll = (fields: Record<string, unknown>) =>
      httpCall(stack.port, {
        method: 'POST',
        path: LINK_PATHS.enroll,
        body: {
          join_token: 'a'.repeat(64),
          public_key: 'b'.repeat(64),
          hostname: 'h',
          timestamp: now,
          ...fields,
        },
      }).then(({ status, json }) => ({ status, body: json }));
    await refuses(401, 'HOST_JOIN_TOKEN_INVALID', () => enroll({}));
    await refuses(401, 'HOST_CLOCK_SKEW', () => enroll({ timestamp: now - 3600 }));
    await refuses(400, 'VALIDATION_ERROR', () => enroll({ public_key: 'short' }));
  });
});

/** One request with a raw body, for what no JSON client would send. */
function rawCall(
  method: string,
  path: string,
  body: string | null,
  headers: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: stack.port, path, method, headers: { host: stack.apiDomain, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}
