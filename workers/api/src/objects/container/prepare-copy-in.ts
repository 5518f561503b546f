import type { ApiError, Result } from '@control-plane/contract/errors';
import { fail, ok } from '@control-plane/contract/errors';
import type { DispatchParameters, TransferEndpoint } from '@control-plane/contract/link';
import type { ContainerRecord } from '@control-plane/lifecycle';
import { randomHex } from '@control-plane/serving';
import { parseSigningKeys, signTransferTicket } from '@control-plane/signing';
import type { Env } from '../../env.ts';
import { hostGateway } from '../gateways.ts';
import type { HostStatus } from '../host/host-object.ts';
import type { CopyOutAnswer, CopyRequest } from './copy-messages.ts';

/** Long enough for a dispatch to reach its host; a transfer that has begun may outlive it. */
const TICKET_SECONDS = 10 * 60;

type Ready = Extract<CopyOutAnswer, { kind: 'ready' }>;

/**
 * What the copy's host must be told to fetch the data: where the source is and, when that is another host, a
 * ticket for this one transfer, signed now.
 *
 * @returns HOST_UNAVAILABLE: try again later. Any other failure is final.
 */
export async function prepareCopyIn(
  env: Env,
  record: ContainerRecord,
  copy: CopyRequest,
  source: Ready,
): Promise<Result<DispatchParameters, ApiError>> {
  const isLocal = source.serverId === record.serverId;
  const [target, origin] = await Promise.all([
    hostGateway(env, record.serverId).status(),
    hostGateway(env, source.serverId).status(),
  ]);
  if (target.publicKey === null || origin.publicKey === null) {
    return fail('HOST_UNAVAILABLE', 'A server of this copy is not connected');
  }
  const route = isLocal
    ? ok({ endpoint: null, ticket: null })
    : await routeBetween(env, record, copy, source, origin, target.publicKey);
  if (!route.ok) return route;
  const withSnapshots = copy.withSnapshots && source.snapshots.length > 0;
  return ok({
    copy_point: copy.copyPoint,
    stateful: copy.stateful,
    keep_base: true,
    ...(copy.base === null ? {} : { base: copy.base }),
    ...(withSnapshots ? { with_snapshots: true } : {}),
    copy_source: {
      container_id: copy.sourceId,
      server_id: source.serverId,
      public_key: origin.publicKey,
      stateful: source.copyPoint.stateful,
      size_bytes: source.copyPoint.sizeBytes,
      ...route.value,
    },
  });
}

async function routeBetween(
  env: Env,
  record: ContainerRecord,
  copy: CopyRequest,
  source: Ready,
  origin: HostStatus,
  targetPublicKey: string,
): Promise<Result<{ endpoint: TransferEndpoint; ticket: string }, ApiError>> {
  if (!origin.connected) return fail('HOST_UNAVAILABLE', "The source's server is not connected");
  if (origin.transfer === null) {
    return fail('CAPABILITY_MISSING', "The source's server takes no connections from other servers", {
      data: { capability: 'transfer', server_id: source.serverId },
    });
  }
  const keys = await parseSigningKeys(env.SIGNING_KEYS);
  if (!keys.ok) {
    return fail('SIGNING_NOT_CONFIGURED', 'Copies between servers need a signing key; none is configured');
  }
  const ticket = await signTransferTicket(keys.value, {
    ticket_id: randomHex(32),
    source_server_id: source.serverId,
    target_server_id: record.serverId,
    target_public_key: targetPublicKey,
    source_container_id: copy.sourceId,
    copy_point: copy.copyPoint,
    base: copy.base,
    with_snapshots: copy.withSnapshots && source.snapshots.length > 0,
    expires_at: Math.floor(Date.now() / 1000) + TICKET_SECONDS,
  });
  return ok({ endpoint: origin.transfer, ticket });
}
