import { permissionTemplates } from '@control-plane/auth';
import { ok } from '@control-plane/contract/errors';
import { authTokensListPermissionTemplates } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';

/** The templates that a token can be made from, with their resolved trees. */
export const listPermissionTemplates = operation(authTokensListPermissionTemplates, async () =>
  ok({ message: 'Permission templates', data: permissionTemplates() }),
);
