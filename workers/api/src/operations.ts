import type { Operation } from './operation.ts';
import { authTokenOperations } from './routes/auth-tokens/index.ts';
import { authenticationOperations } from './routes/authentication/index.ts';
import { containerOperations } from './routes/containers/index.ts';
import { documentationOperations } from './routes/documentation/index.ts';
import { environmentOperations } from './routes/env/index.ts';
import { imageOperations } from './routes/images/index.ts';
import { metaOperations } from './routes/meta/index.ts';
import { operationOperations } from './routes/operations/get-operation.ts';
import { projectOperations } from './routes/projects/index.ts';
import { realmOperations } from './routes/realms/index.ts';
import { snapshotOperations } from './routes/snapshots/index.ts';
import { utilityOperations } from './routes/utilities/index.ts';

/** Every route that this worker serves. */
export const OPERATIONS: readonly Operation[] = [
  ...authenticationOperations,
  ...authTokenOperations,
  ...containerOperations,
  ...documentationOperations,
  ...environmentOperations,
  ...imageOperations,
  ...metaOperations,
  ...operationOperations,
  ...projectOperations,
  ...realmOperations,
  ...snapshotOperations,
  ...utilityOperations,
];
