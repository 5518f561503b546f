import { ok } from '@control-plane/contract';
import { metaGetSocialStats } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';

/** This installation follows no social network: every number is unknown, and `fetchedAt` with them. */
export const getSocialStats = operation(metaGetSocialStats, () =>
  Promise.resolve(
    ok({
      message: 'Social statistics retrieved successfully',
      data: {
        github: null,
        telegram: null,
        discord: null,
        discord_online: null,
        x: null,
        linkedin: null,
        fetchedAt: null,
      },
    }),
  ),
);
