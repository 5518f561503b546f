import { formatUsd, microsOfCents } from '@control-plane/ledger';
import type { BonusState } from '@control-plane/database';
import type { Env } from '../env.ts';
import { wholeNumber } from './settings.ts';

/** What is offered to accounts that are linked to GitHub; null: nothing (any more). */
export interface BonusOffer {
  readonly repo: string;
  readonly cents: number;
}

/** Reads the offer from the worker's variables: it stands while both are set. */
export function bonusOffer(env: Env): BonusOffer | null {
  const cents = wholeNumber('GITHUB_BONUS_CENTS', env.GITHUB_BONUS_CENTS, 0, 100_000);
  const repo = env.GITHUB_BONUS_REPO ?? '';
  return cents === 0 || repo === '' ? null : { repo, cents };
}

/** The amount of an offer as the API shows it. */
export function offerAmount(offer: BonusOffer | null): string {
  return formatUsd(microsOfCents(offer?.cents ?? 0));
}

/** A claim as the API shows it. */
export function presentClaim(claim: BonusState['claim']) {
  return claim === null
    ? null
    : {
        amount_usd: formatUsd(claim.amountMicros),
        at: new Date(claim.createdAt).toISOString(),
        transaction_id: claim.transactionId,
      };
}
