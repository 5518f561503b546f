import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract';
import { projectsCreate } from '@control-plane/contract/routes';
import { createProject } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { realmsOfNew } from '../realms/realm-membership.ts';
import { normaliseColor, randomColor } from './color.ts';
import { presentProject } from './present-project.ts';
import { projectEvent } from './project-event.ts';
import { duplicateAlias } from './refusals.ts';

export const createProjectOperation = operation(projectsCreate, async ({ body }, context) => {
  const realmIds = realmsOfNew(context.principal, context.realmId, body.realm_ids);
  if (!realmIds.ok) return realmIds;
  const now = Date.now();
  const project = {
    id: context.seedId,
    alias: body.alias,
    color: body.color === undefined || body.color === null ? randomColor() : normaliseColor(body.color),
    maxContainers: body.max_containers ?? null,
    realmIds: realmIds.value,
    now,
  };
  const event = projectEvent(
    'project.created',
    { id: project.id, userId: context.principal.userId, realmIds: realmIds.value },
    { alias: project.alias, color: project.color, max_containers: project.maxContainers },
    now,
  );
  const made = await createProject(context.database, scopeOf(context), project, event);
  if (made.kind === 'duplicate_alias') return duplicateAlias();
  return ok({
    message: 'Project created successfully',
    data: presentProject(context.principal, made.project),
  });
});
