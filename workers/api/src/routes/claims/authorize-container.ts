import { ok } from '@control-plane/contract';
import { containersAuthorize } from '@control-plane/contract/routes';
import { signClaim } from '@control-plane/signing';
import { loadContainer } from '../../containers/load-container.ts';
import { operation } from '../../operation.ts';
import { signingKeys } from '../../signing-keys.ts';
import { claimLifetime, claimSubject } from './claim-subject.ts';

const LIFETIME_SECONDS = 6 * 3600;

/**
 * A claim that the container's own services accept: who calls, which container, until when. Whoever may
 * change the container may have it, because acting inside a machine changes it.
 */
export const authorizeContainerOperation = operation(containersAuthorize, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const keys = await signingKeys(context);
  if (!keys.ok) return keys;
  const { principal } = context;
  const { projectId } = loaded.value.record;
  const issuedAt = Math.floor(Date.now() / 1000);
  const lifetime = claimLifetime(LIFETIME_SECONDS, principal.credentialExpiresAt, issuedAt);
  const claim = await signClaim(keys.value, {
    claim_type: 'container',
    ...claimSubject(principal, issuedAt, lifetime),
    containerId: params.id,
    projectId,
  });
  return ok({
    message: 'Container claim issued',
    data: {
      container_claim: claim,
      expires_in: lifetime,
      container_id: params.id,
      project_id: projectId,
    },
    headers: { 'cache-control': 'no-store' },
  });
});
