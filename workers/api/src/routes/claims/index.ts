import type { Operation } from '../../operation.ts';
import { authorizeContainerOperation } from './authorize-container.ts';
import { issueIdentityClaimOperation } from './issue-identity-claim.ts';

/** The operations that issue signed claims. */
export const claimOperations: readonly Operation[] = [
  authorizeContainerOperation,
  issueIdentityClaimOperation,
];
