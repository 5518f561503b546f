import { describeError } from '@control-plane/serving';
import { listEnrolledServerIds, openDatabase } from '@control-plane/database';
import type { Env } from './env.ts';
import { hostGateway } from './objects/gateways.ts';

/** `GET /internal/health`: what of this worker's surroundings is up. Always 200: the router judges. */
export async function health(env: Env): Promise<Response> {
  try {
    const serverIds = await listEnrolledServerIds(
      openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE),
      100,
    );
    const states = await Promise.all(serverIds.map((serverId) => hostGateway(env, serverId).status()));
    const connected = states.filter((state) => state.connected).length;
    return Response.json({
      database: { up: true },
      hosts: { up: connected > 0, connected, enrolled: serverIds.length },
    });
  } catch (error) {
    console.error(
      JSON.stringify({ level: 'error', message: 'health check failed', error: describeError(error) }),
    );
    return Response.json({
      database: { up: false, detail: 'no answer' },
      hosts: { up: false, detail: 'not known' },
    });
  }
}
