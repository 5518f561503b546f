import type { Journal } from '../journal/journal.ts';
import { readNumber, readText } from '../journal/journal.ts';

/** How long a ticket is remembered after its end: longer than any copy may take, and against clocks that are set back. */
const keptAfterExpiryMs = 3 * 3_600_000;

/** Tickets that were used at this source. A ticket is bound to the first transfer that shows it. */
export class TicketBook {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Uses a ticket, or goes on with it; false: another transfer used it, or this one ended already. */
  use(ticketId: string, session: string, expiresAtMs: number, nowMs: number): boolean {
    return this.#journal.transaction(() => {
      this.#journal
        .prepare('delete from transfer_tickets where expires_at_ms < ?')
        .run(nowMs - keptAfterExpiryMs);
      this.#journal
        .prepare(
          'insert or ignore into transfer_tickets (ticket_id, session, expires_at_ms, settled) values (?, ?, ?, 0)',
        )
        .run(ticketId, session, expiresAtMs);
      const row = this.#journal.prepare('select * from transfer_tickets where ticket_id = ?').get(ticketId);
      return row !== undefined && readText(row, 'session') === session && readNumber(row, 'settled') === 0;
    });
  }

  /** Whether this transfer began with the ticket and is not complete. */
  isUnderWay(ticketId: string, session: string): boolean {
    const row = this.#journal
      .prepare('select session, settled from transfer_tickets where ticket_id = ?')
      .get(ticketId);
    return row !== undefined && readText(row, 'session') === session && readNumber(row, 'settled') === 0;
  }

  /** The transfer is complete: the ticket is worth nothing any more. */
  settle(ticketId: string): void {
    this.#journal.prepare('update transfer_tickets set settled = 1 where ticket_id = ?').run(ticketId);
  }
}
