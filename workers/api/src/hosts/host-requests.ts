import { errorResponse, createLogger, describeError, requestFacts } from '@control-plane/serving';
import { CONNECT_HEADERS, LINK_PATHS } from '@control-plane/contract/link';
import { findServer, openDatabase } from '@control-plane/database';
import type { Env } from '../env.ts';
import { enrollHost } from './enroll-host.ts';
import { hostGateway } from '../objects/gateways.ts';

/** Requests of node daemons (`/host/v1/…`): no users, no envelope of the API but its error form. */
export async function handleHostRequest(request: Request, env: Env): Promise<Response> {
  const { pathname } = new URL(request.url);
  try {
    if (pathname === LINK_PATHS.enroll && request.method === 'POST') {
      const enrolled = await enrollHost(request, env);
      return enrolled.ok ? Response.json(enrolled.value) : errorResponse(enrolled.error);
    }
    if (pathname === LINK_PATHS.connect) return await connect(request, env);
    return errorResponse({ code: 'NOT_FOUND', message: `There is no ${pathname}` });
  } catch (error) {
    const { requestId } = requestFacts(request.headers);
    createLogger({ component: 'api', request_id: requestId }).error('host request failed', {
      error: describeError(error),
    });
    return errorResponse({ code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side' });
  }
}

async function connect(request: Request, env: Env): Promise<Response> {
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    return errorResponse({ code: 'UPGRADE_REQUIRED', message: 'The host link is a WebSocket' });
  }
  const serverId = request.headers.get(CONNECT_HEADERS.serverId) ?? '';
  // An object comes into being by being called: only servers that exist get one.
  const server = /^[0-9a-f]{24}$/.test(serverId)
    ? await findServer(openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE), serverId)
    : null;
  if (server === null || server.publicKey === null) {
    return errorResponse({
      code: 'HOST_NOT_ENROLLED',
      message: 'This host is not enrolled; enrol it with a join token',
    });
  }
  return hostGateway(env, serverId).fetch(request);
}
