import { parseJwtKeys, type JwtKeySet } from '@control-plane/auth';
import type { ServingEnv } from '../env.ts';

let cached: { readonly text: string; readonly keys: Promise<JwtKeySet> } | undefined;

/** The JWT keys of the environment, imported once an isolate. */
export function jwtKeys(env: Pick<ServingEnv, 'JWT_KEYS'>): Promise<JwtKeySet> {
  if (cached?.text !== env.JWT_KEYS) cached = { text: env.JWT_KEYS, keys: parseJwtKeys(env.JWT_KEYS) };
  return cached.keys;
}
