import { readFileSync } from 'node:fs';

const listening = '0A';
const halfOpen = '03';

/**
 * Whether a connection of the machine is half made, or made and not yet taken by its server. CRIU can't hold
 * such a one; it takes the machine microseconds to get past it.
 */
export function hasWaitingConnection(initPid: number): boolean {
  return ['tcp', 'tcp6'].some((table) => {
    try {
      return findsWaitingConnection(readFileSync(`/proc/${initPid}/net/${table}`, 'utf8'));
    } catch {
      return false;
    }
  });
}

/** Looks through the text of /proc/PID/net/tcp: a listener’s receive queue counts the connections that wait. */
export function findsWaitingConnection(table: string): boolean {
  return table.split('\n').some((line) => {
    const [, , , state, queues] = line.trim().split(/\s+/);
    return (
      state === halfOpen || (state === listening && Number.parseInt(queues?.split(':')[1] ?? '', 16) > 0)
    );
  });
}
