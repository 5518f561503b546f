import { grantOf } from '@control-plane/serving';
import { effectiveGrant, type TokenGrant } from '@control-plane/auth';
import { findTokensAbove, type AuthTokenRow, type Database } from '@control-plane/database';

/**
 * What a token and the one above it may do now, within everything further up. `parent` is null when a user
 * made the token or its maker is gone; `own` is null when the token has no realm left to be used in.
 */
export async function readLineage(
  database: Database,
  token: AuthTokenRow,
): Promise<{ own: TokenGrant | null; parent: TokenGrant | null }> {
  const makerId = token.createdByTokenId;
  const above = makerId === null ? [] : await findTokensAbove(database, token.userId, makerId);
  const grants = above.map(grantOf);
  const own = effectiveGrant(grantOf(token), grants);
  const maker = grants.find(({ tokenId }) => tokenId === makerId);
  if (maker === undefined) return { own, parent: null };
  const parent = effectiveGrant(
    maker,
    grants.filter((grant) => grant !== maker),
  );
  // A maker without a realm of its own left passes nothing on; its stored realms are what it can't widen.
  return { own, parent: parent ?? maker };
}
