import type { RateLimitObject } from './rate-limit-object.ts';

/** What every worker that serves requests has among its bindings, variables and secrets. */
export interface ServingEnv {
  readonly RATE_LIMITS: DurableObjectNamespace<RateLimitObject>;
  readonly DATABASE_URL: string;
  readonly DATABASE_TOKEN: string;
  /** The local stack's straight way to the database; production has none. */
  readonly DATABASE?: Fetcher;
  /** `{"active_kid": "…", "keys": [{"kid": "…", "jwk": {…}}]}`: Ed25519 keys that sign JWTs. */
  readonly JWT_KEYS: string;
}
