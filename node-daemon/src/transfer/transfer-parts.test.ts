import type { TransferProgress } from '@control-plane/contract/link';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from '../journal/journal.ts';
import { loadHostKey } from '../link/host-key.ts';
import { publicKeyOf } from './certificate.ts';
import { endpointOf, parseListenAddress } from './endpoint.ts';
import { TicketBook } from './ticket-book.ts';
import { isSameKey } from './tls-options.ts';
import { TransferMeter } from './transfer-meter.ts';

function inDirectory<T>(action: (directory: string) => T): T {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'transfer-parts-'));
  try {
    return action(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the certificate of a host', () => {
  it('shows the host’s key, signed by that key', () => {
    inDirectory((directory) => {
      const key = loadHostKey(directory);
      const certificate = new X509Certificate(key.tlsIdentity().cert);
      expect(publicKeyOf(certificate.raw)).toBe(key.publicKeyHex);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(publicKeyOf(Buffer.from('no certificate'))).toBeUndefined();
      expect(isSameKey(key.publicKeyHex, key.publicKeyHex)).toBe(true);
      expect(isSameKey(undefined, key.publicKeyHex)).toBe(false);
      expect(isSameKey('00', key.publicKeyHex)).toBe(false);
    });
  });
});

describe('a ticket', () => {
  it('belongs to the first transfer that shows it, until that is complete, across restarts', () => {
    inDirectory((directory) => {
      let journal = new Journal(directory);
      let book = new TicketBook(journal);
      expect(book.use('t', 'one', 1000, 0)).toBe(true);
      expect(book.use('t', 'two', 1000, 0)).toBe(false);
      journal.close();
      journal = new Journal(directory);
      book = new TicketBook(journal);
      expect(book.use('t', 'one', 1000, 500)).toBe(true);
      expect(book.use('t', 'two', 1000, 500)).toBe(false);
      expect([book.isUnderWay('t', 'one'), book.isUnderWay('t', 'two')]).toEqual([true, false]);
      expect(book.isUnderWay('u', 'one')).toBe(false);
      book.settle('t');
      expect(book.isUnderWay('t', 'one')).toBe(false);
      expect(book.use('t', 'one', 1000, 500)).toBe(false);
      // Remembered for three hours after its end; by then nobody would take it anyhow.
      expect(book.use('t', 'two', 1000, 1000 + 3 * 3_600_000)).toBe(false);
      expect(book.use('u', 'two', 9e9, 1000 + 3 * 3_600_000 + 1)).toBe(true);
      expect(book.use('t', 'two', 9e9, 1000 + 3 * 3_600_000 + 1)).toBe(true);
      journal.close();
    });
  });
});

describe('the meter of a transfer', () => {
  function run(
    bytesTotal: number | null,
    arrivals: readonly [atMs: number, bytes: number][],
  ): TransferProgress[] {
    const reports: TransferProgress[] = [];
    let nowMs = 0;
    const meter = new TransferMeter({ bytesTotal, now: () => nowMs, report: (each) => reports.push(each) });
    for (const [atMs, bytes] of arrivals) {
      nowMs = atMs;
      meter.add(bytes);
    }
    return reports;
  }

  it('reports at most twice a second: bytes, rate, what is left', () => {
    const arrivals = Array.from({ length: 200 }, (_, index): [number, number] => [(index + 1) * 10, 1000]);
    const reports = run(400_000, arrivals);
    expect(reports).toHaveLength(4);
    expect(reports.at(-1)).toEqual({
      bytes_done: 200_000,
      bytes_total: 400_000,
      bytes_per_second: 100_000,
      remaining_ms: 2000,
    });
  });

  it('says nothing that nobody knows, and never more than all', () => {
    expect(run(null, [[600, 50]])).toEqual([{ bytes_done: 50, bytes_per_second: 83 }]);
    expect(run(10, [[1000, 50]])).toEqual([
      { bytes_done: 50, bytes_total: 50, bytes_per_second: 50, remaining_ms: 0 },
    ]);
    expect(run(10, [[1000, 0]])).toEqual([{ bytes_done: 0, bytes_total: 10, bytes_per_second: 0 }]);
  });
});

describe('the address for transfers', () => {
  it('is read with its port, and nothing else is', () => {
    expect(parseListenAddress('0.0.0.0:7300')).toEqual({ address: '0.0.0.0', port: 7300 });
    expect(parseListenAddress('[::1]:0')).toEqual({ address: '::1', port: 0 });
    for (const bad of [
      '',
      ':1',
      '1.2.3.4',
      '1.2.3.4:',
      '1.2.3.4:65536',
      '999.1.1.1:1',
      '::1:80',
      'host:1',
      '[::g]:1',
    ])
      expect(parseListenAddress(bad)).toBeUndefined();
  });

  it('is told as it is, or as the host’s own addresses', () => {
    expect(endpointOf({ address: '10.0.0.7', port: 7300 })).toEqual({ addresses: ['10.0.0.7'], port: 7300 });
    const all = endpointOf({ address: '0.0.0.0', port: 7300 });
    expect(all?.addresses ?? []).not.toContain('127.0.0.1');
    expect(all?.addresses ?? []).not.toContain('0.0.0.0');
  });
});
