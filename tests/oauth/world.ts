/** A whole stack, a provider to sign in at, and people: what the sign-in tests begin with. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { hashSecret } from '@control-plane/auth';
import { openDatabase, schema, type Database } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { expect } from 'vitest';
import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';
import { ADDRESS_HEADER, Browser, type PageAnswer } from './browser.ts';
import { startProvider, type ProviderAccount, type TestProvider } from './provider/provider.ts';

/** Pages of applications that sign-ins may lead to. */
export const APP = 'https://app.example.test/callback';
export const OTHER_APP = 'https://other.example.test/signed-in?from=api';
/** Where launches end. */
export const LAUNCH_PAGE = 'https://launch.example.test/done';

export interface World {
  readonly stack: Stack;
  readonly provider: TestProvider;
  readonly database: Database;
  /** `http://api.localhost:PORT`, where browsers are. */
  readonly origin: string;
  readonly call: (method: string, path: string, given?: Call) => Promise<HttpAnswer>;
  readonly browser: () => Browser;
  /** Signs somebody in at the provider's page that `answer` shows; an empty account declines. */
  readonly signInAt: (browser: Browser, answer: PageAnswer, account: string) => Promise<PageAnswer>;
  readonly newAccount: (given?: Partial<ProviderAccount>) => ProviderAccount;
  /** The token of the newest mail to an address, which may still be on its way. */
  readonly mailedToken: (to: string) => Promise<string>;
  /** As if the interval had passed since a device's last poll. */
  readonly letPollTimePass: (deviceCode: string) => Promise<void>;
  readonly release: () => Promise<void>;
}

export interface Call {
  readonly body?: unknown;
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly host?: string;
}

interface SentMail {
  readonly to: string;
  readonly token: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

let drawn = 0;
/** A number that no other call gave; client addresses and accounts are made of it. */
function fresh(): number {
  drawn += 1;
  return drawn;
}
/** A client address that no limiter has counted yet. */
export function freshAddress(): string {
  const number = fresh();
  return `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

/** A PKCE pair (RFC 7636 section 4). */
export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export async function startWorld(): Promise<World> {
  const port = await freePort();
  const origin = `http://api.localhost:${port}`;
  const provider = await startProvider(
    ['github', 'google'].map((name) => `${origin}/api/v1/auth/${name}/callback`),
  );
  const client = (name: string) => ({
    [`OAUTH_${name}_CLIENT_ID`]: provider.clientId,
    [`OAUTH_${name}_CLIENT_SECRET`]: provider.clientSecret,
    [`OAUTH_${name}_AUTHORIZE_URL`]: `${provider.origin}/auth`,
    [`OAUTH_${name}_TOKEN_URL`]: `${provider.origin}/token`,
  });
  const { stack, release } = await temporaryStack({
    port,
    withDaemon: false,
    clientAddressHeader: ADDRESS_HEADER,
    apiVariables: {
      OAUTH_REDIRECT_URIS: `${APP} ${OTHER_APP} ${LAUNCH_PAGE}`,
      OAUTH_LAUNCH_REDIRECT_URI: LAUNCH_PAGE,
      ...client('GITHUB'),
      OAUTH_GITHUB_API_URL: `${provider.origin}/github`,
      ...client('GOOGLE'),
      OAUTH_GOOGLE_USERINFO_URL: `${provider.origin}/me`,
    },
  });
  const database = openDatabase(stack.databaseUrl, stack.databaseToken);
  return {
    stack,
    provider,
    database,
    origin,
    call: (method, path, { body, bearer, headers = {}, address = freshAddress(), host } = {}) =>
      httpCall(port, {
        method,
        path: `/api/v1${path}`,
        host: host ?? `api.localhost:${port}`,
        headers: {
          [ADDRESS_HEADER]: address,
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      }),
    browser: () => new Browser(freshAddress()),
    async signInAt(browser, answer, account) {
      expect(answer.url.href).toContain(`${provider.origin}/interaction/`);
      return browser.go(answer.url, { form: { account }, from: provider.origin });
    },
    newAccount(given = {}) {
      const number = fresh();
      const account = {
        id: `subject-${number}`,
        githubId: 1000 + number,
        name: `person${number}`,
        email: `person${number}@mail.example.test`,
        emailVerified: true,
        ...given,
      };
      provider.setAccount(account);
      return account;
    },
    mailedToken: (to) =>
      eventually(`a mail to ${to}`, async () => {
        const lines = readFileSync(stack.bootstrap.mail_outbox, 'utf8').split('\n');
        const mails = lines.filter((line) => line !== '').map((line): SentMail => JSON.parse(line));
        return mails.findLast((mail) => mail.to === to)?.token;
      }),
    async letPollTimePass(deviceCode) {
      await database
        .update(schema.deviceCodes)
        .set({ polledAt: Date.now() - 5_001 })
        .where(eq(schema.deviceCodes.deviceCodeHash, hashSecret(deviceCode)));
    },
    async release() {
      await release();
      await provider.close();
    },
  };
}

/** The value at a path of an answer's JSON; fails when it is no text. */
export function textAt(answer: HttpAnswer, ...path: readonly string[]): string {
  let value = answer.json;
  for (const key of path) value = Reflect.get(Object(value), key);
  if (typeof value !== 'string') throw new Error(`no ${path.join('.')} in ${answer.text}`);
  return value;
}

/** What stands in the fragment of the place that a browser was sent to. */
export function fragmentOf({ url }: Pick<PageAnswer, 'url'>): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)));
}

/** An answer that fails with a status and a code. */
export function failed(status: number, code: string) {
  return { status, json: { statusCode: status, code } };
}
