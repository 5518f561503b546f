import type { MachineTable } from '../journal/machine-table.ts';
import type { Journal } from '../journal/journal.ts';
import type { OutboundQueue } from '../journal/outbound-queue.ts';
import type { Lanes } from '../operations/lanes.ts';
import type { Metrics } from './metrics.ts';

/** Registers the gauges that are read from the daemon's parts at each scrape. */
export function registerGauges(
  metrics: Metrics,
  parts: {
    readonly machines: MachineTable;
    readonly journal: Journal;
    readonly outbound: OutboundQueue;
    readonly lanes: Lanes;
    readonly isLinkUp: () => boolean;
  },
): void {
  const { machines, journal, outbound, lanes, isLinkUp } = parts;
  metrics.gauge('node_daemon_link_up', '1 while the control plane is connected.', () => [
    { labels: {}, value: isLinkUp() ? 1 : 0 },
  ]);
  metrics.gauge('node_daemon_machines', 'Machines on this host by recorded state.', () => {
    const counts = new Map<string, number>();
    for (const machine of machines.present()) {
      const state = machine.quarantined ? 'quarantined' : machine.state;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return [...counts].map(([state, value]) => ({ labels: { state }, value }));
  });
  metrics.gauge('node_daemon_journal_bytes', 'Size of the journal with its write-ahead log.', () => [
    { labels: {}, value: journal.sizeBytes() },
  ]);
  metrics.gauge(
    'node_daemon_unacknowledged_messages',
    'Messages that the control plane has not taken yet.',
    () => [{ labels: {}, value: outbound.count() }],
  );
  metrics.gauge('node_daemon_operations_in_progress', 'Operations that run or wait.', () => {
    const { running, waiting } = lanes.load();
    return [
      { labels: { phase: 'running' }, value: running },
      { labels: { phase: 'waiting' }, value: waiting },
    ];
  });
}
