import type { Principal } from '@control-plane/auth';
import type { Database, Scope } from '@control-plane/database';
import type { ServingEnv } from './env.ts';
import type { Logger } from './log.ts';

/** What every handler gets beside its parsed input. `Env`: the bindings of its worker. */
export interface RequestContext<Env extends ServingEnv = ServingEnv> {
  readonly env: Env;
  readonly request: Request;
  readonly requestId: string;
  /** Realm of the host that was called, 24 hex digits; null on the base host. */
  readonly realmId: string | null;
  /** The client's address as the edge saw it. */
  readonly clientAddress: string;
  readonly database: Database;
  /** Null only on public routes that were called without a valid credential. */
  readonly principal: Principal | null;
  readonly log: Logger;
  /**
   * The id (24 hex digits) that a POST must use for what it makes: random, or with an `Idempotency-Key`
   * the same at each attempt, so that a retry joins the first attempt instead of making a second thing.
   */
  readonly seedId: string;
  /** `Prefer: respond-async` (RFC 7240): answer 202 with the operation instead of waiting. */
  readonly respondAsync: boolean;
  /** Adds a figure to the `server-timing` header; `durationMs` in milliseconds. */
  readonly timing: (name: string, durationMs: number) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** A context of a route that requires a credential. */
export type AuthenticatedContext<Env extends ServingEnv = ServingEnv> = RequestContext<Env> & {
  readonly principal: Principal;
};

/** The scope that repository calls take: whose resources, as seen from which realm. */
export function scopeOf(context: Pick<AuthenticatedContext, 'principal' | 'realmId'>): Scope {
  return { userId: context.principal.userId, realmId: context.realmId };
}
