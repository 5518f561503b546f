import { HostMessage } from '@control-plane/contract/link';
import { readText, type Journal } from './journal.ts';

/** A message that must reach the control plane; `id` is what it will be acknowledged by. */
export type OutboundMessage = { readonly id: string; readonly message: HostMessage };

/** Messages that are repeated until they are acknowledged, in the order in which they arose. */
export class OutboundQueue {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Adds a message; one with the same id that still waits is left as it is. */
  add(id: string, message: string): void {
    this.#journal.prepare('insert or ignore into outbound (id, message) values (?, ?)').run(id, message);
  }

  /** All messages that wait for their acknowledgement, the oldest first. */
  pending(): OutboundMessage[] {
    return this.#journal
      .prepare('select id, message from outbound order by position')
      .all()
      .map((row) => ({
        id: readText(row, 'id'),
        message: HostMessage().parse(JSON.parse(readText(row, 'message'))),
      }));
  }

  /** Forgets a message; whether it was there. One that comes back in a power cut is only sent once more. */
  acknowledge(id: string): boolean {
    const forget = this.#journal.prepare('delete from outbound where id = ?');
    return this.#journal.transaction(() => forget.run(id).changes > 0, 'soon');
  }

  count(): number {
    const row = this.#journal.prepare('select count(*) as n from outbound').get();
    return Number(row?.['n'] ?? 0);
  }
}
