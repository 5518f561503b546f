/** What the tests of money begin with: users of a running stack, and money in their balances. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { createClient } from '@libsql/client/web';
import { postTransaction, schema, type Database } from '@control-plane/database';
import { topUp } from '@control-plane/ledger';
import { drizzle } from 'drizzle-orm/libsql';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient } from '../support/api-client.ts';

/** The stack's database, as the workers see it. */
export function databaseOf(stack: Stack): Database {
  return drizzle(createClient({ url: stack.databaseUrl, authToken: stack.databaseToken }));
}

let counter = 0;
/** An id that no other call gave. */
export function newId(): string {
  counter += 1;
  return `${Date.now().toString(16).padStart(12, '0')}${counter.toString(16).padStart(12, '0')}`;
}

/** One of the stack's three users, signed in. */
export interface Spender {
  readonly id: string;
  readonly token: string;
  readonly api: ApiClient;
}

/** Signs a user of the stack in. */
export async function signIn(stack: Stack, index: number): Promise<Spender> {
  const account = stack.bootstrap.users[index];
  if (account === undefined) throw new Error(`the stack has no user ${index}`);
  const { email, password } = account;
  const answer = await new ApiClient(stack, '').expect<{ token: string; user: { id: string } }>(
    200,
    'POST',
    '/users/auth/login',
    { email, password },
  );
  const { token, user } = answer.body.data;
  return { id: user.id, token, api: new ApiClient(stack, token) };
}

/** Books a bank transfer for a user; returns the transaction's id. */
export async function fund(database: Database, userId: string, cents: number): Promise<string> {
  const id = newId();
  const refusal = await postTransaction(
    database,
    topUp({ id, userId, provider: 'bank', cents, description: 'Bank transfer', now: Date.now() }),
  );
  if (refusal !== null) throw new Error(`the user could not be funded: ${refusal}`);
  return id;
}

/** Links a GitHub identity to a user. */
export async function linkGithub(database: Database, userId: string, subject: string): Promise<void> {
  await database.insert(schema.oauthIdentities).values({
    provider: 'github',
    subject,
    userId,
    username: `octo-${subject}`,
    createdAt: Date.now(),
    updatedAt: Date.now(),
  });
}

/** A GET whose answer is bytes. */
export function download(
  stack: Stack,
  token: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: stack.port,
        path: `/api/v1${path}`,
        headers: { host: stack.apiDomain, authorization: `Bearer ${token}`, ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
