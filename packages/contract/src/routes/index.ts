/**
 * The route table. Where a fixed segment and a parameter fit the same path (`tokens/me` and
 * `tokens/{id}`, `snapshots` and `{operation}`), the fixed one wins, whatever the order here.
 */
import type { RouteDefinition } from '../route.ts';
import { ACTIVITY_ROUTES } from './activity.ts';
import { AUTH_TOKEN_ROUTES } from './auth-tokens.ts';
import { AUTHENTICATION_ROUTES } from './authentication.ts';
import { CLAIM_ROUTES } from './claims.ts';
import { CONTAINER_COPY_ROUTES } from './container-copies.ts';
import { CONTAINER_ROUTES } from './containers.ts';
import { DEVICE_ROUTES } from './device.ts';
import { ENV_ROUTES } from './env.ts';
import { IMAGE_ROUTES } from './images.ts';
import { INVOICE_ROUTES } from './invoices.ts';
import { META_ROUTES } from './meta.ts';
import { OAUTH_ROUTES } from './oauth.ts';
import { OPERATION_ROUTES } from './operations.ts';
import { PAYMENT_METHOD_ROUTES } from './payment-methods.ts';
import { PAYMENT_ROUTES } from './payments.ts';
import { PROJECT_PERMISSION_ROUTES } from './project-permissions.ts';
import { PROJECT_ROUTES } from './projects.ts';
import { REALM_ROUTES } from './realms.ts';
import { RENTAL_ROUTES } from './rentals.ts';
import { SNAPSHOT_ROUTES } from './snapshots.ts';
import { TFA_ROUTES } from './tfa.ts';
import { USAGE_ROUTES } from './usage.ts';
import { USER_ROUTES } from './users.ts';
import { UTILITY_ROUTES } from './utilities.ts';
import { WALLET_ROUTES } from './wallet.ts';

export * from './activity.ts';
export * from './auth-tokens.ts';
export * from './authentication.ts';
export * from './claims.ts';
export * from './container-copies.ts';
export * from './containers.ts';
export * from './device.ts';
export * from './env.ts';
export * from './images.ts';
export * from './invoices.ts';
export * from './meta.ts';
export * from './oauth.ts';
export * from './operations.ts';
export * from './payment-methods.ts';
export * from './payments.ts';
export * from './project-permissions.ts';
export * from './projects.ts';
export * from './realms.ts';
export * from './rentals.ts';
export * from './snapshots.ts';
export * from './tfa.ts';
export * from './usage.ts';
export * from './users.ts';
export * from './utilities.ts';
export * from './wallet.ts';

/** Every route that is served. */
export const ROUTES: readonly RouteDefinition[] = [
  ...AUTHENTICATION_ROUTES,
  ...OAUTH_ROUTES,
  ...DEVICE_ROUTES,
  ...USER_ROUTES,
  ...TFA_ROUTES,
  ...ACTIVITY_ROUTES,
  ...AUTH_TOKEN_ROUTES,
  ...PROJECT_ROUTES,
  ...PROJECT_PERMISSION_ROUTES,
  ...CLAIM_ROUTES,
  ...CONTAINER_ROUTES,
  ...CONTAINER_COPY_ROUTES,
  ...SNAPSHOT_ROUTES,
  ...ENV_ROUTES,
  ...OPERATION_ROUTES,
  ...IMAGE_ROUTES,
  ...REALM_ROUTES,
  ...RENTAL_ROUTES,
  ...USAGE_ROUTES,
  ...META_ROUTES,
  ...UTILITY_ROUTES,
  ...WALLET_ROUTES,
  ...PAYMENT_ROUTES,
  ...PAYMENT_METHOD_ROUTES,
  ...INVOICE_ROUTES,
];
