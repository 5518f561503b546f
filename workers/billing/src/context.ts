import type * as serving from '@control-plane/serving';
import type { Env } from './env.ts';

/** What every handler of this worker gets beside its parsed input. */
export type RequestContext = serving.RequestContext<Env>;

/** A context of a route that requires a credential. */
export type AuthenticatedContext = serving.AuthenticatedContext<Env>;
