/** What a provider's sign-in ended in, for the page that began it. */
export type SignInResult =
  { readonly intent: string } | { readonly '2fa': string } | { readonly error: string };

/**
 * The URI to send the browser to: the result stands in the fragment, which no server and no Referer sees.
 *
 * @param stateId a launch's own name for this sign-in, so that the application knows it again
 */
export function resultUri(redirectUri: string, result: SignInResult, stateId: string | null): string {
  const fragment = new URLSearchParams(result);
  if (stateId !== null) fragment.set('state_id', stateId);
  return `${redirectUri}#${fragment}`;
}
