import { describe, expect, it } from 'vitest';
import { findsUnread, findsWaitingConnection } from './socket-queues.ts';

const heading =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const table = (state: string, queues: string): string =>
  [
    heading,
    '   0: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 1',
    `   1: 0100007F:1F91 00000000:0000 ${state} ${queues} 00:00000000 00000000     0        0 4712 1`,
    '',
  ].join('\n');

describe('sockets of a machine', () => {
  it.each([
    ['a listener whose connections are taken', '0A', '00000000:00000000', false],
    ['a listener with a connection that waits', '0A', '00000000:00000001', true],
    ['a connection that is half made', '03', '00000000:00000000', true],
    ['a connection with bytes that nobody has read, which CRIU holds', '01', '00000010:0000002A', false],
  ])('%s', (_, state, queues, waits) => {
    expect(findsWaitingConnection(table(state, queues))).toBe(waits);
  });

  it.each([
    ['what is read', '07', '00000000:00000000', false],
    ['what is on its way out', '07', '00000300:00000000', false],
    ['what is not read', '07', '00000000:00000300', true],
    ['what is not read of a connected socket', '01', '00000000:00000300', true],
  ])('datagrams: %s', (_, state, queues, isUnread) => {
    expect(findsUnread(table(state, queues))).toBe(isUnread);
  });

  it('of a machine that has none, or has ended', () => {
    for (const text of ['', heading, `${heading}\n`]) {
      expect(findsWaitingConnection(text)).toBe(false);
      expect(findsUnread(text)).toBe(false);
    }
  });
});
