/** Sets what a browser needs to treat answers as data; a page (the API reference) may set its own policy. */
export function setSecurityHeaders(headers: Headers, isHttps: boolean): void {
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-resource-policy', 'cross-origin');
  headers.set('x-frame-options', 'DENY');
  if (isHttps) headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  const isPage = headers.get('content-type')?.startsWith('text/html') === true;
  if (!isPage && !headers.has('content-security-policy')) {
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  }
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
}
