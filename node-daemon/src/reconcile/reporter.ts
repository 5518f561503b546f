import type { ObservedState, Report, ReportCause } from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Journal } from '../journal/journal.ts';
import type { MachineRecord, MachineTable } from '../journal/machine-table.ts';
import type { OutboundQueue } from '../journal/outbound-queue.ts';

export type ReporterOptions = {
  readonly journal: Journal;
  readonly machines: MachineTable;
  readonly outbound: OutboundQueue;
  readonly logger: Logger;
  readonly send: (message: Report) => void;
  readonly now: () => number;
};

/** Tells the control plane what changed without its doing, and records it in the same commit. */
export class Reporter {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  report(machine: MachineRecord, state: ObservedState, cause: ReportCause): void {
    const { journal, machines, outbound, logger, send, now } = this.#options;
    const report: Report = {
      type: 'report',
      report_id: randomBytes(16).toString('hex'),
      container_id: machine.containerId,
      incarnation: machine.incarnation,
      state,
      cause,
      observed_at: new Date(now()).toISOString(),
    };
    journal.transaction(() => {
      machines.setState(machine.containerId, state, now());
      outbound.add(report.report_id, JSON.stringify(report));
    });
    logger.info({ container_id: machine.containerId, state, cause }, 'machine changed by itself');
    send(report);
  }
}
