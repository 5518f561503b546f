/**
 * How this worker reaches the api worker's objects. As in its gateways.ts: the runtime's stub types can't
 * carry the methods' own types, so they are stated here.
 */
import type { ContainerObject } from '../../api/src/objects/container/container-object.ts';
import type { HostObject } from '../../api/src/objects/host/host-object.ts';
import type { Env } from './env.ts';

/** The object of a container. */
export function containerObject(env: Pick<Env, 'CONTAINERS'>, containerId: string) {
  const stub = env.CONTAINERS.get(env.CONTAINERS.idFromName(containerId));
  return stub as unknown as Pick<ContainerObject, 'command'>;
}

/** The object of a server's host. */
export function hostObject(env: Pick<Env, 'HOSTS'>, serverId: string) {
  return env.HOSTS.get(env.HOSTS.idFromName(serverId)) as unknown as Pick<HostObject, 'ask'>;
}
