import { sql } from 'drizzle-orm';
import type { Database } from '../client.ts';

/** One thing that does not agree with the postings. */
export interface LedgerDifference {
  readonly what:
    | 'balance differs from its postings'
    | 'account without postings'
    | 'postings without account'
    | 'transaction does not sum to zero'
    | 'postings differ from their transaction'
    | 'posting without transaction'
    | 'transaction states more than it moves'
    | 'forbidden balance'
    | 'AI credit left for money'
    | 'reserved AI credit differs from its reservations'
    | 'invoice numbers have a gap';
  /** Which account, transaction or year. */
  readonly subject: string;
  readonly expectedMicros: number;
  readonly foundMicros: number;
}

/** Differences reported of one kind; more of them say nothing new. */
const DIFFERENCES_MAX = 100;

const AI_WORLD = sql.raw(`('user_ai', 'user_ai_held', 'user_ai_spent')`);

const CHECKS: Readonly<Record<LedgerDifference['what'], ReturnType<typeof sql>>> = {
  'balance differs from its postings': sql`
    select a.kind || ':' || a.user_id as subject, p.total as expected, a.balance_micros as found
    from ledger_accounts a join (
      select account_kind, user_id, sum(amount_micros) as total, max(sequence) as last
      from ledger_postings group by account_kind, user_id
    ) p on p.account_kind = a.kind and p.user_id = a.user_id
    where p.total <> a.balance_micros or p.last <> a.last_posting`,
  'account without postings': sql`
    select kind || ':' || user_id as subject, 0 as expected, balance_micros as found from ledger_accounts
    where (kind, user_id) not in (select distinct account_kind, user_id from ledger_postings)`,
  'postings without account': sql`
    select account_kind || ':' || user_id as subject, sum(amount_micros) as expected, 0 as found
    from ledger_postings
    where (account_kind, user_id) not in (select kind, user_id from ledger_accounts)
    group by account_kind, user_id`,
  'transaction does not sum to zero': sql`
    select t.id as subject, 0 as expected, coalesce(sum(p.amount_micros), 0) as found
    from ledger_transactions t left join ledger_postings p on p.transaction_id = t.id
    group by t.id having count(p.line) < 2 or sum(p.amount_micros) <> 0`,
  'postings differ from their transaction': sql`
    select t.id as subject, json_array_length(t.postings_json) as expected, count(p.line) as found
    from ledger_transactions t left join ledger_postings p on p.transaction_id = t.id
      and json_extract(t.postings_json, '$[' || p.line || '][0]') is p.account_kind
      and json_extract(t.postings_json, '$[' || p.line || '][1]') is p.user_id
      and json_extract(t.postings_json, '$[' || p.line || '][2]') is p.amount_micros
    group by t.id having count(p.line) <> json_array_length(t.postings_json)`,
  'posting without transaction': sql`
    select cast(sequence as text) as subject, 0 as expected, amount_micros as found from ledger_postings
    where transaction_id not in (select id from ledger_transactions)`,
  'transaction states more than it moves': sql`
    select t.id as subject, sum(p.amount_micros) as expected, t.amount_micros as found
    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
    where p.amount_micros > 0
    group by t.id having sum(p.amount_micros) < t.amount_micros`,
  'forbidden balance': sql`
    select kind || ':' || user_id as subject, 0 as expected, balance_micros as found from ledger_accounts
    where (kind in ('user_general', 'user_general_held', 'user_ai', 'user_ai_held', 'user_ai_spent') and balance_micros < 0)
      or (kind = 'user_receivable' and balance_micros > 0)
      or (kind in ('user_general', 'user_general_held', 'user_receivable') and balance_micros % 10000 <> 0)`,
  'AI credit left for money': sql`
    select transaction_id as subject, 0 as expected, sum(amount_micros) as found
    from ledger_postings where account_kind in ${AI_WORLD}
    group by transaction_id having sum(amount_micros) < 0`,
  'reserved AI credit differs from its reservations': sql`
    select 'user_ai_held:' || user_id as subject, sum(reserved) as expected, sum(held) as found from (
      select user_id, held_micros as reserved, 0 as held from ai_reservations where state = 'open'
      union all
      select user_id, 0, balance_micros from ledger_accounts where kind = 'user_ai_held'
    ) group by user_id having sum(reserved) <> sum(held)`,
  'invoice numbers have a gap': sql`
    select cast(year as text) as subject, max(number) as expected, count(*) as found
    from invoices group by year having count(*) <> max(number) or min(number) <> 1`,
};

/**
 * Recomputes every balance and every invariant of the ledger from its postings.
 *
 * @returns what differs, at most 100 of each kind; nothing when the books are right
 */
export async function auditLedger(database: Database): Promise<LedgerDifference[]> {
  const differences: LedgerDifference[] = [];
  for (const [what, check] of Object.entries(CHECKS) as [LedgerDifference['what'], typeof AI_WORLD][]) {
    const rows = await database.all<{ subject: string; expected: number; found: number }>(
      sql`${check} limit ${DIFFERENCES_MAX}`,
    );
    for (const { subject, expected, found } of rows) {
      differences.push({ what, subject, expectedMicros: expected, foundMicros: found });
    }
  }
  return differences;
}
