import { scopeOf } from '@control-plane/serving';
import { ok } from '@control-plane/contract';
import { projectsUpdate } from '@control-plane/contract/routes';
import { findProject, updateProject, type ProjectChanges } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { realmsOfChanged } from '../realms/realm-membership.ts';
import { normaliseColor } from './color.ts';
import { presentProject } from './present-project.ts';
import { projectEvent } from './project-event.ts';
import { deletionInProgress, duplicateAlias, projectAccessDenied, projectNotFound } from './refusals.ts';

export const updateProjectOperation = operation(projectsUpdate, async ({ params, body }, context) => {
  const scope = scopeOf(context);
  const project = await findProject(context.database, scope, params.id, 'read');
  if (project === null) return projectNotFound();
  const realmIds = realmsOfChanged(context.principal, context.realmId, body.realm_ids, project.realmIds);
  if (!realmIds.ok) return realmIds;
  const changes: ProjectChanges = {
    alias: body.alias,
    color: body.color === undefined ? undefined : normaliseColor(body.color),
    maxContainers: body.max_containers,
    realmIds: realmIds.value,
  };
  const changed = {
    alias: changes.alias,
    color: changes.color,
    max_containers: changes.maxContainers,
    // Not which: whoever reads events within one realm learns of no other.
    ...(changes.realmIds === undefined ? {} : { realms_changed: true }),
  };
  const subject = { ...project, realmIds: realmIds.value ?? project.realmIds };
  const event = projectEvent('project.updated', subject, { changes: changed }, Date.now());
  const update = await updateProject(context.database, scope, params.id, changes, event);
  switch (update.kind) {
    case 'updated':
      return ok({
        message: 'Project updated successfully',
        data: presentProject(context.principal, update.project),
      });
    case 'missing':
      return projectNotFound();
    case 'forbidden':
      return projectAccessDenied('edit');
    case 'deleting':
      return deletionInProgress();
    case 'duplicate_alias':
      return duplicateAlias();
  }
});
