import { parseVaultKey, type VaultKey } from '@control-plane/auth';
import type { Env } from '../env.ts';

let cached: { readonly text: string; readonly key: Promise<VaultKey> } | undefined;

/** The key that the environment's ENCRYPTION_KEY gives, derived once an isolate. */
export function vaultKey(env: Pick<Env, 'ENCRYPTION_KEY'>): Promise<VaultKey> {
  if (cached?.text !== env.ENCRYPTION_KEY) {
    cached = { text: env.ENCRYPTION_KEY, key: parseVaultKey(env.ENCRYPTION_KEY) };
  }
  return cached.key;
}

/** The place that a user's second factor is sealed and marked for. */
export function twoFactorPlace(userId: string): string {
  return `two-factor:${userId}`;
}
