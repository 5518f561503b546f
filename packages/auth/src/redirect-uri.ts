const LENGTH_MAX = 2048;

/**
 * Whether a browser may be sent to `uri` with a sign-in: an https URL without user, password and fragment
 * that is on the list, letter by letter. Nothing is compared by prefix, suffix or host: what is almost an
 * allowed URI is somebody else's (RFC 9700 section 4.1.3).
 */
export function isAllowedRedirect(uri: string, allowed: readonly string[]): boolean {
  if (uri.length > LENGTH_MAX || !allowed.includes(uri) || !URL.canParse(uri)) return false;
  const url = new URL(uri);
  return (
    url.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    !uri.includes('#')
  );
}

/** The allow-list of a configuration: URIs with spaces or commas between them. */
export function parseRedirectUris(text: string): string[] {
  return text.split(/[\s,]+/).filter((uri) => uri !== '');
}
