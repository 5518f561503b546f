import type { LedgerTransaction } from '@control-plane/ledger';
import { and, eq, or, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { bonusClaims, oauthIdentities } from '../schema.ts';
import { ledgerStatement } from './ledger-statement.ts';

const PROVIDER = 'github';

export interface BonusClaimRow {
  readonly transactionId: string;
  readonly amountMicros: number;
  readonly createdAt: number;
}

/** What stands between a user and the bonus. */
export interface BonusState {
  /** The linked identity; null: none is linked. */
  readonly identity: { readonly subject: string; readonly username: string | null } | null;
  /** The user's own claim. */
  readonly claim: BonusClaimRow | null;
  /** Another account has had the bonus of this identity. */
  readonly isClaimedElsewhere: boolean;
}

/** Which GitHub identity a user has linked, and who has had its bonus. */
export async function readBonusState(database: Database, userId: string): Promise<BonusState> {
  const mine = and(eq(oauthIdentities.userId, userId), eq(oauthIdentities.provider, PROVIDER));
  const [identities, claims] = await database.batch([
    database
      .select({ subject: oauthIdentities.subject, username: oauthIdentities.username })
      .from(oauthIdentities)
      .where(mine),
    database
      .select()
      .from(bonusClaims)
      .where(
        and(
          eq(bonusClaims.provider, PROVIDER),
          or(
            eq(bonusClaims.userId, userId),
            sql`${bonusClaims.subject} in (select subject from ${oauthIdentities} where ${mine})`,
          ),
        ),
      ),
  ]);
  return {
    identity: identities[0] ?? null,
    claim: claims.find((claim) => claim.userId === userId) ?? null,
    isClaimedElsewhere: claims.some((claim) => claim.userId !== userId),
  };
}

/**
 * Posts a bonus and records the claim, if neither the user nor the identity has had one and the identity is
 * still the user's; in one transaction.
 *
 * @returns whether it was granted
 */
export async function claimBonus(
  database: Database,
  subject: string,
  transaction: LedgerTransaction,
): Promise<boolean> {
  const { id, userId, amountMicros, now } = transaction;
  const isFree = sql`exists (select 1 from ${oauthIdentities}
      where provider = ${PROVIDER} and subject = ${subject} and user_id = ${userId})
    and not exists (select 1 from ${bonusClaims}
      where provider = ${PROVIDER} and (subject = ${subject} or user_id = ${userId}))`;
  const [posted] = await database.batch([
    ledgerStatement(database, transaction, isFree),
    database.run(sql`
      insert into ${bonusClaims} (provider, subject, user_id, transaction_id, amount_micros, created_at)
      select ${PROVIDER}, ${subject}, ${userId}, ${id}, ${amountMicros}, ${now} where changes() > 0`),
  ]);
  return posted.rowsAffected > 0;
}
