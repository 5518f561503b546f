import { ok } from '@control-plane/contract/errors';
import { usersGet } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { userViewFor } from '../authentication/user-view.ts';
import { accessibleUser } from './access.ts';

/** One user: oneself, or anyone for an administrator. */
export const getUser = operation(usersGet, async ({ params }, context) => {
  const user = await accessibleUser(context, params.id);
  if (!user.ok) return user;
  return ok({ message: 'User found', data: userViewFor(user.value, context.principal) });
});
