import { randomObjectId } from '@control-plane/serving';
import type { AuthTokenRow, NewEvent } from '@control-plane/database';

/**
 * An event of a token, for its owner: nothing that could be used as the token. `now` in Unix milliseconds,
 * `detail` in wire form.
 */
export function authTokenEvent(
  eventType: `auth.token.${'created' | 'updated' | 'deleted' | 'enabled' | 'disabled'}`,
  token: Pick<AuthTokenRow, 'id' | 'alias' | 'createdByTokenId' | 'realmIds'>,
  userId: string,
  now: number,
  detail: Readonly<Record<string, unknown>> = {},
): NewEvent {
  const { id, alias, createdByTokenId, realmIds } = token;
  return {
    id: randomObjectId(),
    userId,
    eventType,
    resourceType: 'auth_token',
    resourceId: id,
    payload: { id, alias, created_by_token_id: createdByTokenId, ...detail },
    realmIds,
    now,
  };
}
