import { fail, ok } from '@control-plane/contract/errors';
import {
  authenticationGetCurrentUser,
  authenticationGetCurrentUserAlias,
} from '@control-plane/contract/routes';
import { findAuthToken, findUser } from '@control-plane/database';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { introspectionView } from '../auth-tokens/auth-token-view.ts';
import { userViewFor } from './user-view.ts';

async function currentUser(context: AuthenticatedContext) {
  const { database, principal, realmId } = context;
  const user = await findUser(database, principal.userId);
  if (user === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  const view = userViewFor(user, principal);
  if (principal.grant === null) return ok({ message: 'Current user', data: view });
  const { tokenId } = principal.grant;
  const token = await findAuthToken(database, { userId: user.id, realmId: null }, tokenId, tokenId);
  if (token === null) return fail('INVALID_TOKEN', 'The credential is not valid');
  return ok({ message: 'Current user', data: { ...view, auth_token: introspectionView(token, realmId) } });
}

/** The calling user, with the calling token if it is one. */
export const getCurrentUser = operation(authenticationGetCurrentUser, (_input, context) =>
  currentUser(context),
);

/** The same under its second path. */
export const getCurrentUserAlias = operation(authenticationGetCurrentUserAlias, (_input, context) =>
  currentUser(context),
);
