/** What knowing the caller costs: the same router and api, with and without a credential to check. */
import { Agent, request } from 'node:http';
import type { Stack } from '../scripts/stack/stack.ts';
import { median, ms, quantile, timed, type Finding } from './statistics.ts';

const ROUNDS = 400;
/** Of p50, above the same route without a credential. */
const ADDED_MS_MAX = 5;
const PUBLIC_PATH = '/api/v1/auth/config';

/** One keep-alive connection, as an SDK has. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(
  stack: Stack,
  method: string,
  path: string,
  authorization?: string,
  body?: unknown,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      host: stack.apiDomain,
      ...(authorization === undefined ? {} : { authorization }),
      ...(content === ''
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
    };
    const outgoing = request(
      { agent, host: '127.0.0.1', port: stack.port, path, method, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

/** A token minted by the operator's own, so that there is a line of tokens above it to read. */
async function mintSubToken(stack: Stack): Promise<{ id: string; authorization: string }> {
  const body = { alias: `bench ${Date.now()}`, permission_template: 'read_only' };
  const made = await call(
    stack,
    'POST',
    '/api/v1/auth/tokens',
    `Bearer ${stack.bootstrap.operator.token}`,
    body,
  );
  const { data } = JSON.parse(made) as { data: { id: string; token: string } };
  return { id: data.id, authorization: `Bearer ${data.token}` };
}

/** The p50 that authentication adds, by kind of credential; a public route checks one as any other does. */
export async function measureAuthentication(stack: Stack): Promise<Finding[]> {
  const { id, authorization } = await mintSubToken(stack);
  const credentials: Record<string, string | undefined> = {
    none: undefined,
    'a session (JWT)': `Bearer ${stack.bootstrap.admin_token}`,
    'an auth token': `Bearer ${stack.bootstrap.operator.token}`,
    'a token minted by a token': authorization,
  };
  const samples: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, credential] of Object.entries(credentials)) {
      const durationMs = await timed(() => call(stack, 'GET', PUBLIC_PATH, credential));
      (samples[name] ??= []).push(durationMs);
    }
  }
  await call(stack, 'DELETE', `/api/v1/auth/tokens/${id}`, `Bearer ${stack.bootstrap.operator.token}`);
  const bare = median(samples['none'] ?? []);
  return Object.entries(samples)
    .filter(([name]) => name !== 'none')
    .map(([name, durations]) => {
      const added = median(durations) - bare;
      return {
        what: `authentication by ${name}: p50 ${ms(median(durations))}, p99 ${ms(quantile(durations, 0.99))}; without: p50 ${ms(bare)}`,
        measured: `+${ms(added)}`,
        target: `≤ +${ADDED_MS_MAX} ms`,
        isMet: added <= ADDED_MS_MAX,
      };
    });
}
