import type { ServingEnv } from '@control-plane/serving';
import type { ContainerObject } from '../../api/src/objects/container/container-object.ts';
import type { HostObject } from '../../api/src/objects/host/host-object.ts';

/** Bindings, variables and secrets of the billing worker (wrangler.toml beside this folder). */
export interface Env extends ServingEnv {
  /** The api worker's objects: what is not paid for is stopped through them. */
  readonly CONTAINERS: DurableObjectNamespace<ContainerObject>;
  readonly HOSTS: DurableObjectNamespace<HostObject>;
}
