import { randomObjectId, jwtKeys } from '@control-plane/serving';
import { secureRandom, signSessionTokens } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { loadLoginFacts, recordLogin, type LoginFacts, type UserRow } from '@control-plane/database';
import type { RequestContext } from '../../context.ts';
import { timestamp, userView } from './user-view.ts';

/** A fresh pair of tokens for the user's current session generation, as the wire has it. */
export async function tokenPair(context: Pick<RequestContext, 'env'>, user: UserRow, now: number) {
  const subject = { userId: user.id, sessionGeneration: user.sessionGeneration };
  const tokens = await signSessionTokens(await jwtKeys(context.env), subject, now, secureRandom);
  return {
    token: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    expires_at: timestamp(tokens.accessExpiresAt),
    expires_in: tokens.accessLifetimeS,
    refresh_expires_at: timestamp(tokens.refreshExpiresAt),
    refresh_expires_in: tokens.refreshLifetimeS,
  };
}

export function serverView(server: NonNullable<LoginFacts['server']>) {
  return {
    id: server.id,
    name: server.name,
    ...(server.country === null ? {} : { country: server.country }),
    ...(server.region === null ? {} : { region: server.region }),
    ...(server.city === null ? {} : { city: server.city }),
    ...(server.datacenter === null ? {} : { datacenter: server.datacenter }),
    is_ready: server.isReady,
  };
}

/**
 * Opens a session: records the login and answers all that a login answers. ACCOUNT_BANNED for a banned
 * user, who keeps the sessions they have but gets no new one.
 *
 * @param client what the client calls itself, for the security history
 */
export async function openSession(context: RequestContext, user: UserRow, now: number, client?: string) {
  if (user.isBanned) return fail('ACCOUNT_BANNED', 'This account is banned');
  const { clientAddress, database, request } = context;
  await recordLogin(database, {
    id: randomObjectId(),
    userId: user.id,
    clientAddress,
    userAgent: request.headers.get('user-agent'),
    succeeded: true,
    client: client ?? null,
    now,
  });
  const facts = await loadLoginFacts(database, user.id, now);
  return ok({
    ...(await tokenPair(context, user, now)),
    client_ip: clientAddress,
    recent_login_ips: facts.recentLogins.map((login) => ({
      ip: login.clientAddress,
      timestamp: timestamp(login.createdAt),
    })),
    auth_token_count: facts.authTokenCount,
    user: userView(user),
    server: facts.server === null ? null : serverView(facts.server),
    project: facts.project,
    container: facts.container,
  });
}
