import { readFileSync } from 'node:fs';

const listening = '0A';
const halfOpen = '03';

/**
 * Whether a connection of the machine is half made, or made and not yet taken by its server. CRIU can't hold
 * such a one; it takes the machine microseconds to get past it.
 */
export function hasWaitingConnection(initPid: number): boolean {
  return ['tcp', 'tcp6'].some((table) => findsWaitingConnection(readTable(initPid, table)));
}

/** Whether a datagram has come to the machine and has not been read: CRIU drops it without a word. */
export function hasUnreadDatagram(initPid: number): boolean {
  return ['udp', 'udp6'].some((table) => findsUnread(readTable(initPid, table)));
}

/** Looks through the text of /proc/PID/net/tcp: a listener’s receive queue counts the connections that wait. */
export function findsWaitingConnection(table: string): boolean {
  return socketsIn(table).some(({ state, received }) => {
    return state === halfOpen || (state === listening && received > 0);
  });
}

/** Looks through the text of /proc/PID/net/udp: a receive queue counts bytes. */
export function findsUnread(table: string): boolean {
  return socketsIn(table).some(({ received }) => received > 0);
}

/** A table of sockets after its heading: number, local and remote address, state, sent:received in hexadecimal. */
function socketsIn(table: string): { readonly state: string; readonly received: number }[] {
  const lines = table.split('\n').slice(1);
  return lines.map((line) => {
    const [, , , state = '', queues = ''] = line.trim().split(/\s+/);
    return { state, received: Number.parseInt(queues.split(':')[1] ?? '0', 16) };
  });
}

function readTable(initPid: number, table: string): string {
  try {
    return readFileSync(`/proc/${initPid}/net/${table}`, 'utf8');
  } catch {
    return '';
  }
}
