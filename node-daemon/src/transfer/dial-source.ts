import type { TransferEndpoint } from '@control-plane/contract/link';
import { connect, type TLSSocket } from 'node:tls';
import type { HostKey } from '../link/host-key.ts';
import { handshakeTimeoutMs, idleTimeoutMs, isSameKey, peerKeyOf, tlsOptions } from './tls-options.ts';

export type DialSource = {
  readonly endpoint: TransferEndpoint;
  /** The key that the source's host must have, 64 hex digits. */
  readonly publicKey: string;
  /** This host's own. */
  readonly key: HostKey;
  readonly signal: AbortSignal;
};

/**
 * Connects with the source's host at the first of its addresses where it answers with its key. Otherwise tells whether
 * nobody answers at one of them (it may be worth another try), or there are only hosts with other keys.
 */
export async function dialSource(wanted: DialSource): Promise<TLSSocket | 'unreachable' | 'other key'> {
  const { endpoint, publicKey, key, signal } = wanted;
  let isSilent = false;
  for (const address of endpoint.addresses) {
    if (signal.aborted) return 'unreachable';
    const socket = await connectTo(address, endpoint.port, key);
    if (socket === undefined) isSilent = true;
    else if (isSameKey(peerKeyOf(socket), publicKey)) return socket;
    else socket.destroy();
  }
  return isSilent ? 'unreachable' : 'other key';
}

/** A connection on which the handshake is done; undefined: there is none to be had. */
function connectTo(host: string, port: number, key: HostKey): Promise<TLSSocket | undefined> {
  const socket = connect({ host, port, ...tlsOptions(key) });
  return new Promise((resolve) => {
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(undefined));
    socket.once('secureConnect', () => {
      socket.setTimeout(idleTimeoutMs);
      resolve(socket);
    });
  });
}
