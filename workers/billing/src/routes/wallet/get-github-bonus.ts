import { ok } from '@control-plane/contract/errors';
import { walletGetGithubBonus } from '@control-plane/contract/routes';
import { readBonusState } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { bonusOffer, offerAmount, presentClaim } from '../../wallet/github-bonus.ts';

export const getGithubBonus = operation(walletGetGithubBonus, async (_, context) => {
  const offer = bonusOffer(context.env);
  const state = await readBonusState(context.database, context.principal.userId);
  return ok({
    message: 'GitHub bonus retrieved',
    data: {
      enabled: offer !== null,
      repo: offer?.repo ?? '',
      amount_usd: offerAmount(offer),
      github_linked: state.identity !== null,
      github_username: state.identity?.username ?? null,
      claimed: state.claim !== null,
      identity_claimed_elsewhere: state.isClaimedElsewhere,
      claim: presentClaim(state.claim),
    },
  });
});
