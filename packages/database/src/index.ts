export * from './activity.ts';
export * from './auth-token-changes.ts';
export {
  ACTIVE_TOKENS_MAX,
  createAuthToken,
  deleteAuthToken,
  findAuthToken,
  findTokensAbove,
  findTokenWithUser,
  isTouchDue,
  listAuthTokens,
  touchAuthToken,
  type AuthTokenCreation,
  type AuthTokenRow,
  type NewAuthTokenRow,
} from './auth-tokens.ts';
export * from './scope.ts';
export * from './device-codes.ts';
export * from './oauth-identities.ts';
export * from './sign-in-steps.ts';
export * from './client.ts';
export * from './container-projection.ts';
export * from './events.ts';
export * from './images.ts';
export * from './project-deletion.ts';
export * from './project-permissions.ts';
export * from './project-scope.ts';
export {
  createProject,
  findProject,
  listProjects,
  updateProject,
  type NewProject,
  type ProjectChanges,
  type ProjectListOptions,
  type ProjectRow,
  type ProjectUpdate,
} from './projects.ts';
export * from './free-tier.ts';
export * from './login-history.ts';
export * from './mail-tokens.ts';
export * from './profiles.ts';
export * from './realms.ts';
export * from './regions.ts';
export * from './security-history.ts';
export * from './servers.ts';
export * from './two-factor.ts';
export * from './users.ts';
export * as schema from './schema.ts';
export * from './idempotency.ts';
export * from './containers.ts';
export * from './hosts.ts';
export * from './ledger/index.ts';
export * from './payments/index.ts';
export * from './rentals/index.ts';
export * from './warm-pools.ts';
