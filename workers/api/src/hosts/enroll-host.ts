import { hashSecret } from '@control-plane/auth';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import {
  EnrollRequest,
  LINK_CLOCK_SKEW_SECONDS_MAX,
  type EnrollResponse,
} from '@control-plane/contract/link';
import { claimJoinToken, openDatabase } from '@control-plane/database';
import type { Env } from '../env.ts';
import { hostGateway } from '../objects/gateways.ts';

/**
 * `POST /host/v1/enroll`: a host's one-time introduction by join token. The same host may repeat it, should
 * the answer have been lost; another key with a used token is refused.
 */
export async function enrollHost(request: Request, env: Env): Promise<Result<EnrollResponse>> {
  const parsed = EnrollRequest().safeParse(await request.json().catch(() => null));
  if (!parsed.success) return fail('VALIDATION_ERROR', 'The enrolment is malformed');
  const { join_token: joinToken, public_key: publicKey, timestamp } = parsed.data;
  const nowSeconds = Math.floor(Date.now() / 1000);
  if (Math.abs(nowSeconds - timestamp) > LINK_CLOCK_SKEW_SECONDS_MAX) {
    return fail('HOST_CLOCK_SKEW', `The host's clock is off by ${timestamp - nowSeconds} s; set it right`, {
      data: { server_time: nowSeconds, host_time: timestamp },
    });
  }
  const tokenHash = hashSecret(joinToken);
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  const server = await claimJoinToken(database, { tokenHash, publicKey, now: Date.now() });
  if (server === null) {
    return fail('HOST_JOIN_TOKEN_INVALID', 'The join token is unknown, expired or used; make a new one');
  }
  await hostGateway(env, server.id).enroll({
    serverId: server.id,
    serverName: server.name,
    publicKey,
  });
  return ok({ server_id: server.id, server_name: server.name });
}
