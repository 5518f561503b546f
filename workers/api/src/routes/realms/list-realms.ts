import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract';
import { realmsList } from '@control-plane/contract/routes';
import { listRealms } from '@control-plane/database';
import { operation } from '../../operation.ts';

/** More realms than this are not listed: the answer has no pages. */
const REALMS_LISTED_MAX = 10_000;

export const listRealmsOperation = operation(realmsList, async ({ query }, context) => {
  const tokenId = context.principal.grant?.tokenId ?? null;
  const realms = await listRealms(context.database, scopeOf(context), tokenId, REALMS_LISTED_MAX);
  const usage = realms.map(({ realmId, projects, containers, servers, authTokens }) => [
    realmId,
    { projects, containers, servers, auth_tokens: authTokens },
  ]);
  return ok({
    message: 'Realms retrieved successfully',
    data: {
      realm_ids: realms.map(({ realmId }) => realmId),
      total: realms.length,
      ...(query.include_usage ? { usage: Object.fromEntries(usage) } : {}),
    },
  });
});
