import type { SignInResult } from '@control-plane/auth';

/** The page on which devices are approved. */
export function devicePageBase(origin: string): string {
  return `${origin}/api/v1/auth/device`;
}

/** The page with what a sign-in at a provider ended in; a second factor's token stands in the fragment. */
export function devicePageUri(origin: string, result: SignInResult | 'approved'): string {
  const base = devicePageBase(origin);
  if (result === 'approved') return `${base}?approved=1`;
  if ('error' in result) return `${base}?${new URLSearchParams({ error: result.error })}`;
  return `${base}#${new URLSearchParams(result)}`;
}
