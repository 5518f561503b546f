/**
 * How other code reaches an object. The runtime's stub types replace every `unknown` by `never` and grow
 * without bound on nested data; what crosses is plain data by design (messages.ts), so the methods' own
 * types are stated here instead.
 */
import type { Env } from '../env.ts';
import type { ContainerObject } from './container/container-object.ts';
import type { HostObject } from './host/host-object.ts';

export type ContainerGateway = Pick<
  ContainerObject,
  | 'create'
  | 'command'
  | 'update'
  | 'read'
  | 'readOperation'
  | 'listSnapshots'
  | 'renameSnapshot'
  | 'readStatusLog'
  | 'report'
  | 'observe'
  | 'tend'
  | 'claim'
  | 'copy'
  | 'sync'
  | 'copyOut'
  | 'letGo'
  | 'copyInterest'
  | 'progress'
>;
export type HostGateway = Pick<
  HostObject,
  'enroll' | 'status' | 'dispatch' | 'cancel' | 'ask' | 'fetch' | 'claimWarm' | 'settleWarm'
>;

/** The object of a container. */
export function containerGateway(env: Env, containerId: string): ContainerGateway {
  return env.CONTAINERS.get(env.CONTAINERS.idFromName(containerId)) as unknown as ContainerGateway;
}

/** The object of a server's host. */
export function hostGateway(env: Env, serverId: string): HostGateway {
  return env.HOSTS.get(env.HOSTS.idFromName(serverId)) as unknown as HostGateway;
}
