/**
 * The realm of a host name: `{24 lower-case hex}.{apiDomain}` scopes to that realm; any other first label,
 * a deeper name or another domain is unscoped (null). Case, port and one trailing dot do not matter.
 */
export function realmOfHost(host: string, apiDomain: string): string | null {
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const suffix = `.${apiDomain.toLowerCase()}`;
  if (!name.endsWith(suffix)) return null;
  const label = name.slice(0, -suffix.length);
  return /^[0-9a-f]{24}$/.test(label) ? label : null;
}
