import type { Operation } from '../../operation.ts';
import { addTokenRealm, removeTokenRealm } from './change-token-realms.ts';
import { copyAuthToken } from './copy-auth-token.ts';
import { createAuthToken } from './create-auth-token.ts';
import { deleteAuthToken } from './delete-auth-token.ts';
import { getAuthToken } from './get-auth-token.ts';
import { getCurrentAuthToken } from './get-current-auth-token.ts';
import { getPublicProfile } from './get-public-profile.ts';
import { listAuthTokens } from './list-auth-tokens.ts';
import { listPermissionTemplates } from './list-permission-templates.ts';
import { updateAuthToken } from './update-auth-token.ts';
import { updatePublicProfile } from './update-public-profile.ts';

/** Every operation of the tag `authTokens` that is served. */
export const authTokenOperations: readonly Operation[] = [
  listAuthTokens,
  createAuthToken,
  getCurrentAuthToken,
  listPermissionTemplates,
  getAuthToken,
  deleteAuthToken,
  updateAuthToken,
  copyAuthToken,
  addTokenRealm,
  removeTokenRealm,
  updatePublicProfile,
  getPublicProfile,
];
