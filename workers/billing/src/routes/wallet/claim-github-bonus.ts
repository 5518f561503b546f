import { ok } from '@control-plane/contract/errors';
import type { RouteData } from '@control-plane/contract';
import { walletClaimGithubBonus } from '@control-plane/contract/routes';
import { claimBonus, readBonusState, type BonusState } from '@control-plane/database';
import { grant } from '@control-plane/ledger';
import { describeError } from '@control-plane/serving';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { bonusOffer, offerAmount, presentClaim, type BonusOffer } from '../../wallet/github-bonus.ts';

/** Always 200: clients of the contract read `result`. */
export const claimGithubBonus = operation(walletClaimGithubBonus, async (_, context) => {
  const offer = bonusOffer(context.env);
  const { result, state } = await attempt(context, offer).catch((error: unknown) => {
    context.log.error('a bonus could not be granted', { error: describeError(error) });
    return { result: 'error' as const, state: null };
  });
  const claim = presentClaim(state?.claim ?? null);
  return ok({
    message: 'GitHub bonus claim processed',
    data: {
      result,
      amount_usd: claim?.amount_usd ?? offerAmount(offer),
      ...(claim === null ? {} : { transaction_id: claim.transaction_id }),
      claim,
    },
  });
});

interface Attempt {
  readonly result: RouteData<typeof walletClaimGithubBonus>['result'];
  readonly state: BonusState;
}

async function attempt(
  { database, principal, seedId }: AuthenticatedContext,
  offer: BonusOffer | null,
): Promise<Attempt> {
  const { userId } = principal;
  const state = await readBonusState(database, userId);
  if (state.claim !== null) return { result: 'already_claimed', state };
  if (offer === null) return { result: 'offer_ended', state };
  if (state.identity === null) return { result: 'not_linked', state };
  if (state.isClaimedElsewhere) return { result: 'identity_claimed_elsewhere', state };
  const { subject } = state.identity;
  const isGranted = await claimBonus(
    database,
    subject,
    grant({
      id: seedId,
      type: 'github_bonus',
      userId,
      description: `Bonus for ${offer.repo}`,
      reference: { type: 'github_identity', id: subject },
      cents: offer.cents,
      now: Date.now(),
    }),
  );
  // Somebody was faster: the next attempt tells who.
  return { result: isGranted ? 'granted' : 'retry', state: await readBonusState(database, userId) };
}
