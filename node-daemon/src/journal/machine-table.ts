import { MachineSpec, ObservedState } from '@control-plane/contract/link';
import { readNumber, readOptionalText, readText, type Journal } from './journal.ts';

/** What the daemon holds about a machine. `absent`: it is gone; the row fences what comes late. */
export type MachineRecord = {
  readonly containerId: string;
  readonly incarnation: number;
  readonly spec: MachineSpec | undefined;
  /** The state that was last told, and that the machine is brought back to after a reboot. */
  readonly state: ObservedState;
  readonly quarantined: boolean;
  /** The highest sequence number that has begun. */
  readonly lastSequence: number;
};

/** Rows of machines that are gone, kept against late messages. */
const absentMachinesKept = 10_000;

/** The machines of this host, by container id. */
export class MachineTable {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  find(containerId: string): MachineRecord | undefined {
    const row = this.#journal.prepare('select * from machines where container_id = ?').get(containerId);
    return row === undefined ? undefined : toRecord(row);
  }

  /** All machines that are not gone. */
  present(): MachineRecord[] {
    const query = `select * from machines where state <> 'absent' order by container_id`;
    return this.#journal.prepare(query).all().map(toRecord);
  }

  save(record: MachineRecord, nowMs: number): void {
    this.#journal
      .prepare(
        `insert or replace into machines
           (container_id, incarnation, spec, state, quarantined, last_sequence, updated_at_ms)
         values (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        record.containerId,
        record.incarnation,
        record.spec === undefined ? null : JSON.stringify(record.spec),
        record.state,
        record.quarantined ? 1 : 0,
        record.lastSequence,
        nowMs,
      );
  }

  /** Changes only the state. */
  setState(containerId: string, state: ObservedState, nowMs: number): void {
    this.#journal
      .prepare('update machines set state = ?, updated_at_ms = ? where container_id = ?')
      .run(state, nowMs, containerId);
  }

  setQuarantined(containerId: string, quarantined: boolean, nowMs: number): void {
    this.#journal
      .prepare('update machines set quarantined = ?, updated_at_ms = ? where container_id = ?')
      .run(quarantined ? 1 : 0, nowMs, containerId);
  }

  /** Forgets the oldest machines that are gone, beyond what is kept. */
  prune(): void {
    this.#journal
      .prepare(
        `delete from machines where container_id in (
           select container_id from machines where state = 'absent'
           order by updated_at_ms desc limit -1 offset ?)`,
      )
      .run(absentMachinesKept);
  }
}

function toRecord(row: object): MachineRecord {
  const spec = readOptionalText(row, 'spec');
  return {
    containerId: readText(row, 'container_id'),
    incarnation: readNumber(row, 'incarnation'),
    spec: spec === undefined ? undefined : MachineSpec().parse(JSON.parse(spec)),
    state: ObservedState().parse(readText(row, 'state')),
    quarantined: readNumber(row, 'quarantined') === 1,
    lastSequence: readNumber(row, 'last_sequence'),
  };
}
