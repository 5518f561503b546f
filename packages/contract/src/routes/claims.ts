import { type RouteDefinition, defineRoute } from '../route.ts';
import * as claim from '../schemas/claim.ts';
import { IdParams } from '../schemas/scalars.ts';

/** The leaf is that of acting inside the machine: so much is a container claim good for. */
export const containersAuthorize = defineRoute({
  operationId: 'containers.authorize',
  method: 'POST',
  path: '/api/v1/containers/{id}/authorize',
  tag: 'containers',
  summary: "Issue a signed claim that lets the caller into the container's own services",
  auth: 'bearer',
  permission: 'containers.actions.exec',
  params: IdParams,
  success: [200],
  data: claim.ContainerClaimData,
  errors: ['CONTAINER_NOT_FOUND', 'OPERATION_NOT_PERMITTED_ON_EXPIRED', 'SIGNING_NOT_CONFIGURED'],
});

export const authenticationIssueIdentityClaim = defineRoute({
  operationId: 'authentication.api_issueIdentityClaim',
  method: 'POST',
  path: '/api/v1/users/auth/identity-claim',
  tag: 'authentication',
  summary: 'Issue a signed claim of who the caller is, for one audience',
  auth: 'jwt',
  body: claim.IssueIdentityClaimBody,
  success: [200],
  data: claim.IdentityClaimData,
  errors: ['SIGNING_NOT_CONFIGURED'],
});

export const CLAIM_ROUTES: readonly RouteDefinition[] = [
  containersAuthorize,
  authenticationIssueIdentityClaim,
];
