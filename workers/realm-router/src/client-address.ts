const LOOPBACK = '127.0.0.1';
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/;

/**
 * The client's address as the edge states it. Only the one header that the deployment names is believed;
 * `X-Forwarded-For` and its like, which any client can write, never are.
 *
 * @param trustedHeader name of that header; empty: no edge in front, the client is on this machine
 */
export function clientAddressOf(headers: Headers, trustedHeader: string): string {
  if (trustedHeader === '') return LOOPBACK;
  const address = headers.get(trustedHeader)?.trim() ?? '';
  return ADDRESS.test(address) ? address : 'unknown';
}
