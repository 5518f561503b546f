/**
 * A provider to sign in at, on this machine: `oidc-provider` (certified OpenID Connect) in the place of
 * Google, and over the same accounts and tokens the two GitHub endpoints that a sign-in asks. It knows
 * nothing of the API under test but its registered redirect URIs.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** Somebody at the provider. `githubId`: GitHub's numeric id; `sub` is `id` itself. */
export interface ProviderAccount {
  readonly id: string;
  readonly githubId: number;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
}

export interface TestProvider {
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Adds an account, or replaces the one with its id. */
  readonly setAccount: (account: ProviderAccount) => void;
  /** Bodies that the token endpoint was sent, newest last. */
  readonly tokenRequests: readonly URLSearchParams[];
  readonly close: () => Promise<void>;
}

const CLIENT_ID = 'control-plane';
const CLIENT_SECRET = 'provider-secret-of-the-tests';

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts it on a free port of 127.0.0.1, with one confidential client for `redirectUris`. */
export async function startProvider(redirectUris: readonly string[]): Promise<TestProvider> {
  const accounts = new Map<string, ProviderAccount>();
  const tokenRequests: URLSearchParams[] = [];
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  const provider = new Provider(origin, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...redirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    // GitHub's own scopes are known beside OpenID's, so that one client serves both ways.
    scopes: ['openid', 'email', 'profile', 'read:user', 'user:email'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    cookies: { keys: ['cookie key of the tests'] },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => {
      const account = accounts.get(id);
      if (account === undefined) return undefined;
      const { email, emailVerified, name } = account;
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: emailVerified, name }) };
    },
    // Consent is given with the sign-in.
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new context.oidc.provider.Grant({
        clientId: client.clientId,
        accountId: session.accountId,
      });
      grant.addOIDCScope('openid email profile read:user user:email');
      await grant.save();
      return grant;
    },
  });

  async function accountOfBearer(request: IncomingMessage): Promise<ProviderAccount | undefined> {
    const [, text = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const token = await provider.AccessToken.find(text);
    return token === undefined ? undefined : accounts.get(token.accountId);
  }

  /** GitHub's REST API, as far as a sign-in asks it. */
  async function github(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const account = await accountOfBearer(request);
    if (account === undefined) return sendJson(response, 401, { message: 'Bad credentials' });
    if (request.url === '/github/user') {
      return sendJson(response, 200, { id: account.githubId, login: account.name });
    }
    return sendJson(response, 200, [
      { email: `other+${account.email}`, primary: false, verified: true },
      { email: account.email, primary: true, verified: account.emailVerified },
    ]);
  }

  /** The sign-in page's form: `account` names who signs in, an empty one declines. */
  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html');
      response.end('<form method="post"><input name="account"></form>');
      return;
    }
    const accountId = new URLSearchParams(await readBody(request)).get('account') ?? '';
    await provider.interactionFinished(
      request,
      response,
      accountId === '' ? { error: 'access_denied', error_description: 'declined' } : { login: { accountId } },
      { mergeWithLastSubmission: false },
    );
  }

  const callback = provider.callback();
  provider.on('grant.success', (context) => {
    tokenRequests.push(
      new URLSearchParams(Object.entries(context.oidc.body ?? {}).map(([k, v]) => [k, String(v)])),
    );
  });
  server.on('request', (request, response) => {
    const url = request.url ?? '';
    const work = url.startsWith('/github/')
      ? github(request, response)
      : url.startsWith('/interaction/')
        ? interact(request, response)
        : callback(request, response);
    work.catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });

  return {
    origin,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    setAccount: (account) => void accounts.set(account.id, account),
    tokenRequests,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
