import { type RouteDefinition, defineRoute } from '../route.ts';
import * as token from '../schemas/auth-token.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'authTokens';

export const authTokensList = defineRoute({
  operationId: 'authTokens.list',
  method: 'GET',
  path: '/api/v1/auth/tokens',
  tag,
  summary: "List the caller's auth tokens; a token sees those it made",
  auth: 'bearer',
  success: [200],
  data: token.AuthTokenListData,
  extra: token.authTokenListExtra,
  errors: [],
});

export const authTokensCreate = defineRoute({
  operationId: 'authTokens.create',
  method: 'POST',
  path: '/api/v1/auth/tokens',
  tag,
  summary: 'Create an auth token; its secret is answered this once',
  auth: 'bearer',
  permission: 'resources.create_tokens',
  body: token.CreateAuthTokenBody,
  success: [201],
  data: token.AuthTokenWithSecret,
  errors: [
    'OTP_REQUIRED',
    'RATE_LIMIT_EXCEEDED',
    'INVALID_ALIAS_FORMAT',
    'INVALID_EXPIRATION_FORMAT',
    'EXPIRATION_IN_PAST',
    'INVALID_PUBLIC_KEY_FORMAT',
    'DUPLICATE_TOKEN_ALIAS',
    'AUTH_TOKEN_LIMIT_REACHED',
  ],
  fieldErrors: {
    'body.alias': 'INVALID_ALIAS_FORMAT',
    'body.expires_at': 'INVALID_EXPIRATION_FORMAT',
    'body.public_key': 'INVALID_PUBLIC_KEY_FORMAT',
  },
});

export const authTokensGetCurrent = defineRoute({
  operationId: 'authTokens.getCurrent',
  method: 'GET',
  path: '/api/v1/auth/tokens/me',
  tag,
  summary: 'Get the calling auth token and where it may be used',
  auth: 'auth-token',
  success: [200],
  data: token.AuthTokenIntrospection,
  errors: [],
});

export const authTokensListPermissionTemplates = defineRoute({
  operationId: 'authTokens.listAuthTokenPermissionTemplates',
  method: 'GET',
  path: '/api/v1/auth/tokens/templates',
  tag,
  summary: 'List the permission templates with their trees',
  auth: 'bearer',
  success: [200],
  data: token.PermissionTemplateListData,
  errors: [],
});

export const authTokensGet = defineRoute({
  operationId: 'authTokens.get',
  method: 'GET',
  path: '/api/v1/auth/tokens/{id}',
  tag,
  summary: 'Get an auth token',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: token.AuthToken,
  errors: ['TOKEN_NOT_FOUND'],
});

export const authTokensDelete = defineRoute({
  operationId: 'authTokens.delete',
  method: 'DELETE',
  path: '/api/v1/auth/tokens/{id}',
  tag,
  summary: 'Delete an auth token',
  auth: 'bearer',
  permission: 'resources.create_tokens',
  params: IdParams,
  success: [200],
  errors: ['TOKEN_NOT_FOUND'],
});

const realmChange = {
  method: 'POST',
  tag,
  auth: 'bearer',
  permission: 'resources.create_tokens',
  params: IdParams,
  body: token.TokenRealmBody,
  success: [200],
  data: token.AuthToken,
  errors: ['OTP_REQUIRED', 'RATE_LIMIT_EXCEEDED', 'TOKEN_NOT_FOUND'],
} as const;

export const authTokensUpdate = defineRoute({
  operationId: 'authTokens.update',
  method: 'PUT',
  path: '/api/v1/auth/tokens/{id}',
  tag,
  summary: 'Change an auth token; it counts from the next request on',
  auth: 'bearer',
  permission: 'resources.create_tokens',
  params: IdParams,
  body: token.UpdateAuthTokenBody,
  success: [200],
  data: token.AuthToken,
  errors: [
    'OTP_REQUIRED',
    'RATE_LIMIT_EXCEEDED',
    'INVALID_ALIAS_FORMAT',
    'INVALID_EXPIRATION_FORMAT',
    'EXPIRATION_IN_PAST',
    'INVALID_PUBLIC_KEY_FORMAT',
    'DUPLICATE_TOKEN_ALIAS',
    'TOKEN_NOT_FOUND',
    'AUTH_TOKEN_LIMIT_REACHED',
  ],
  fieldErrors: {
    'body.alias': 'INVALID_ALIAS_FORMAT',
    'body.expires_at': 'INVALID_EXPIRATION_FORMAT',
    'body.public_key': 'INVALID_PUBLIC_KEY_FORMAT',
  },
  patchTwin: true,
});

export const authTokensCopy = defineRoute({
  operationId: 'authTokens.copy',
  method: 'POST',
  path: '/api/v1/auth/tokens/{id}/copy',
  tag,
  summary: 'Make a token of the same powers; its secret is answered this once',
  auth: 'bearer',
  permission: 'resources.create_tokens',
  params: IdParams,
  body: token.CopyAuthTokenBody,
  bodyOptional: true,
  success: [201],
  data: token.AuthTokenWithSecret,
  errors: [
    'OTP_REQUIRED',
    'RATE_LIMIT_EXCEEDED',
    'INVALID_ALIAS_FORMAT',
    'INVALID_EXPIRATION_FORMAT',
    'EXPIRATION_IN_PAST',
    'DUPLICATE_TOKEN_ALIAS',
    'TOKEN_NOT_FOUND',
    'AUTH_TOKEN_LIMIT_REACHED',
  ],
  fieldErrors: {
    'body.alias': 'INVALID_ALIAS_FORMAT',
    'body.expires_at': 'INVALID_EXPIRATION_FORMAT',
  },
});

export const authTokensAddRealm = defineRoute({
  operationId: 'authTokens.addRealm',
  path: '/api/v1/auth/tokens/{id}/add-realm',
  summary: 'Let a token work on the hosts of one more realm; a first realm binds it to realms',
  ...realmChange,
});

export const authTokensRemoveRealm = defineRoute({
  operationId: 'authTokens.removeRealm',
  path: '/api/v1/auth/tokens/{id}/remove-realm',
  summary: 'Take a realm from a token; without its last one it is bound to none and works everywhere',
  ...realmChange,
});

export const authTokensUpdatePublicProfile = defineRoute({
  operationId: 'authTokens.updatePublicProfile',
  method: 'PUT',
  path: '/api/v1/auth/tokens/me/public-profile',
  tag,
  summary: 'Set what the calling auth token publishes of itself',
  auth: 'auth-token',
  permission: 'resources.auth_token_public_profile',
  body: token.UpdatePublicProfileBody,
  success: [200],
  data: token.AuthToken,
  errors: ['INVALID_PUBLIC_KEY_FORMAT'],
  fieldErrors: { 'body.public_key': 'INVALID_PUBLIC_KEY_FORMAT' },
  patchTwin: true,
});

export const authTokensGetPublicProfile = defineRoute({
  operationId: 'authTokens.getPublicProfile',
  method: 'GET',
  path: '/api/v1/auth/tokens/public-profiles/{public_key}',
  tag,
  summary: 'Look up a public profile by its key',
  auth: 'bearer',
  params: token.PublicProfileParams,
  success: [200],
  data: token.PublicProfile,
  errors: ['INVALID_PUBLIC_KEY_FORMAT', 'RESOURCE_NOT_FOUND'],
  fieldErrors: { 'params.public_key': 'INVALID_PUBLIC_KEY_FORMAT' },
});

export const AUTH_TOKEN_ROUTES: readonly RouteDefinition[] = [
  authTokensList,
  authTokensCreate,
  authTokensGetCurrent,
  authTokensListPermissionTemplates,
  authTokensGet,
  authTokensDelete,
  authTokensUpdate,
  authTokensCopy,
  authTokensAddRealm,
  authTokensRemoveRealm,
  authTokensUpdatePublicProfile,
  authTokensGetPublicProfile,
];
