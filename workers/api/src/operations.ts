import type { Operation } from './operation.ts';
import { activityOperations } from './routes/activity/index.ts';
import { authTokenOperations } from './routes/auth-tokens/index.ts';
import { authenticationOperations } from './routes/authentication/index.ts';
import { claimOperations } from './routes/claims/index.ts';
import { containerOperations } from './routes/containers/index.ts';
import { documentationOperations } from './routes/documentation/index.ts';
import { environmentOperations } from './routes/env/index.ts';
import { imageOperations } from './routes/images/index.ts';
import { metaOperations } from './routes/meta/index.ts';
import { oauthOperations } from './routes/oauth/index.ts';
import { operationOperations } from './routes/operations/get-operation.ts';
import { projectOperations } from './routes/projects/index.ts';
import { realmOperations } from './routes/realms/index.ts';
import { snapshotOperations } from './routes/snapshots/index.ts';
import { twoFactorOperations } from './routes/tfa/index.ts';
import { userOperations } from './routes/users/index.ts';
import { utilityOperations } from './routes/utilities/index.ts';

/** Every route that this worker serves. */
export const OPERATIONS: readonly Operation[] = [
  ...authenticationOperations,
  ...activityOperations,
  ...authTokenOperations,
  ...claimOperations,
  ...containerOperations,
  ...documentationOperations,
  ...environmentOperations,
  ...imageOperations,
  ...metaOperations,
  ...oauthOperations,
  ...operationOperations,
  ...projectOperations,
  ...realmOperations,
  ...snapshotOperations,
  ...twoFactorOperations,
  ...userOperations,
  ...utilityOperations,
];
