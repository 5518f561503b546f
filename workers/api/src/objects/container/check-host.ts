import type { ApiError } from '@control-plane/contract/errors';
import type { DispatchParameters } from '@control-plane/contract/link';
import type { ContainerCommand, ContainerRecord } from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import { hostGateway } from '../gateways.ts';

/**
 * Asks the container's host whether it can do what is wanted, before anything is written: a host that is
 * away or lacks the capability refuses by name and nothing is half made. Fills in `parameters.stateful` of
 * a snapshot when the caller left it open (docs/decisions/0002-snapshots-without-memory.md).
 */
export async function checkHost(
  env: Env,
  record: ContainerRecord,
  wanted: { command: ContainerCommand; parameters?: DispatchParameters },
): Promise<ApiError | null> {
  const host = await hostGateway(env, record.serverId).status();
  if (!host.connected || host.capabilities === null) {
    return {
      code: 'HOST_UNAVAILABLE',
      message: `Server "${record.serverName}" is not connected right now; nothing was changed, try again later`,
      data: { server_id: record.serverId },
    };
  }
  const missing = (capability: string, message: string): ApiError => ({
    code: 'CAPABILITY_MISSING',
    message,
    data: { capability, server_id: record.serverId },
  });
  const { capabilities } = host;
  switch (wanted.command) {
    case 'create':
      if (!host.imageNames.includes(record.image)) {
        return {
          code: 'IMAGE_NOT_FOUND',
          message: `Server "${record.serverName}" has no image "${record.image}"; GET /api/v1/images/public lists what there is`,
          data: { container_image: record.image },
        };
      }
      return null;
    case 'pause':
      return capabilities.pause ? null : missing('pause', 'This server cannot pause containers');
    case 'snapshot': {
      if (!capabilities.snapshot) return missing('snapshot', 'This server cannot take snapshots');
      const { parameters } = wanted;
      if (parameters === undefined) return null;
      const hasMemory = record.status === 'running' || record.status === 'paused';
      if (parameters.stateful === true && !capabilities.stateful_snapshot) {
        return missing(
          'stateful_snapshot',
          'This server cannot hold memory in a snapshot; ask for "stateful": false to keep the filesystem alone',
        );
      }
      parameters.stateful = hasMemory && (parameters.stateful ?? capabilities.stateful_snapshot);
      return null;
    }
    case 'copy-out':
    case 'copy':
    case 'sync':
      if (!capabilities.copy) return missing('copy', `Server "${record.serverName}" cannot copy containers`);
      if (wanted.parameters?.stateful === true && !capabilities.stateful_snapshot) {
        return missing(
          'stateful_snapshot',
          `Server "${record.serverName}" cannot hold or bring back memory; ask for "stateful": false to copy the filesystem alone`,
        );
      }
      return null;
    default:
      return null;
  }
}
