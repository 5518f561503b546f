import { fail, ok } from '@control-plane/contract/errors';
import { authTokensGetPublicProfile } from '@control-plane/contract/routes';
import { findPublicProfile } from '@control-plane/database';
import { operation } from '../../operation.ts';

/** What is published under a key, for any caller; on a realm host only by tokens that may be used there. */
export const getPublicProfile = operation(authTokensGetPublicProfile, async ({ params }, context) => {
  const publicKey = params.public_key.toLowerCase();
  const profile = await findPublicProfile(context.database, publicKey, context.realmId, Date.now());
  if (profile === null) return fail('RESOURCE_NOT_FOUND', 'Public profile not found');
  const { publicStorage } = profile;
  return ok({
    message: 'Public profile',
    data: {
      public_key: profile.publicKey,
      public_storage: publicStorage === null ? null : { ...publicStorage },
    },
  });
});
