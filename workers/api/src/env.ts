import type { ContainerObject } from './objects/container/container-object.ts';
import type { HostObject } from './objects/host/host-object.ts';
import type { RateLimitObject } from './objects/rate-limit/rate-limit-object.ts';

/** Bindings, variables and secrets of the api worker (workers/api/wrangler.toml). */
export interface Env {
  readonly CONTAINERS: DurableObjectNamespace<ContainerObject>;
  readonly HOSTS: DurableObjectNamespace<HostObject>;
  readonly RATE_LIMITS: DurableObjectNamespace<RateLimitObject>;
  /** Host name of the API without a realm, for example `api.example.com` or `api.localhost`. */
  readonly API_DOMAIN: string;
  readonly DATABASE_URL: string;
  readonly DATABASE_TOKEN: string;
  /** `{"active_kid": "…", "keys": [{"kid": "…", "jwk": {…}}]}`: Ed25519 keys that sign JWTs. */
  readonly JWT_KEYS: string;
  /** Keys of packages/signing. */
  readonly SIGNING_KEYS: string;
  /** Where mail goes when no provider is set: a service that takes one JSON mail per POST. */
  readonly MAIL?: Fetcher;
}
