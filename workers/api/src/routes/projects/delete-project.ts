import { describeError, scopeOf } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import { projectsDelete } from '@control-plane/contract/routes';
import {
  clearProjectDeleting,
  deleteProject,
  markProjectDeleting,
  type CascadeContainer,
  type ProjectRow,
} from '@control-plane/database';
import { deleteContainer } from '../../containers/delete-container.ts';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { allCascadeContainers, cascadeDelete, type CascadeFailure } from './cascade-containers.ts';
import { projectEvent } from './project-event.ts';
import { deletionInProgress, projectAccessDenied, projectNotFound } from './refusals.ts';

/** How long the projections of deleted containers may take to arrive before the deletion gives up. */
const PROJECTION_WAIT_MS_MAX = 5_000;
const PROJECTION_POLL_MS = 100;

export const deleteProjectOperation = operation(projectsDelete, async ({ params, query }, context) => {
  const mark = Date.now();
  const marked = await markProjectDeleting(context.database, scopeOf(context), params.id, mark);
  switch (marked.kind) {
    case 'missing':
      return projectNotFound();
    case 'forbidden':
      return projectAccessDenied('delete');
    case 'default_project':
      return fail('DEFAULT_PROJECT_PROTECTED', 'the default project can not be deleted');
    case 'in_progress':
      return deletionInProgress();
    case 'marked':
  }
  const removed = await withMark(context, marked.project, mark);
  if (!removed.ok) return removed;
  const shown = removed.value.containers.filter((container) => !container.isPrespawn);
  return ok({
    message: 'Project deleted successfully',
    data: {
      deleted: { containers: shown.length, permissions: removed.value.permissions, aliases: 0 },
      ...(query.include_deleted_items
        ? { deleted_items: { containers: shown.map(({ id, name }) => ({ id, name })) } }
        : {}),
    },
  });
});

type Removed = { readonly containers: readonly CascadeContainer[]; readonly permissions: number };

/** Runs the deletion and takes its mark away again unless it succeeds. */
async function withMark(
  context: AuthenticatedContext,
  project: ProjectRow,
  mark: number,
): Promise<Result<Removed>> {
  let removed: Result<Removed> | undefined;
  try {
    removed = await removeMarked(context, project, mark);
    return removed;
  } finally {
    if (removed?.ok !== true) {
      // Must not hide the failure that led here; a mark that stays is cleared by the sweeper.
      await clearProjectDeleting(context.database, project.id, mark).catch((error: unknown) => {
        context.log.error('a deletion mark was left behind', {
          project_id: project.id,
          error: describeError(error),
        });
      });
    }
  }
}

async function removeMarked(
  context: AuthenticatedContext,
  project: ProjectRow,
  mark: number,
): Promise<Result<Removed>> {
  const containers = await allCascadeContainers(context.database, project.id);
  const { realmId } = context;
  if (realmId !== null && containers.some((each) => !each.isPrespawn && !each.realmIds.includes(realmId))) {
    return fail('INSUFFICIENT_PERMISSIONS', 'this project can only be deleted from the base host');
  }
  const { deleted, failures } = await cascadeDelete(containers, (id) => deleteAndWait(context, id));
  const [first] = failures;
  if (first !== undefined) return partialFailure(first, failures, containers.length, deleted.length);
  return finish(context, project, mark, deleted);
}

async function finish(
  context: AuthenticatedContext,
  project: ProjectRow,
  mark: number,
  containers: readonly CascadeContainer[],
): Promise<Result<Removed>> {
  const detail = { alias: project.alias, deleted_containers: containers.length };
  const event = projectEvent('project.deleted', project, detail, Date.now());
  const giveUpAt = Date.now() + PROJECTION_WAIT_MS_MAX;
  for (;;) {
    const outcome = await deleteProject(context.database, project.id, mark, event);
    if (outcome.kind === 'deleted') return ok({ containers, permissions: outcome.permissions });
    if (outcome.kind === 'mark_lost') return deletionInProgress();
    if (Date.now() >= giveUpAt) {
      return fail('SERVICE_UNAVAILABLE', 'containers of the project are still being removed; try again', {
        retryAfterSeconds: 2,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, PROJECTION_POLL_MS));
  }
}

/** A container whose host is away is deleted only when the host is back: until then its project stays. */
async function deleteAndWait(context: AuthenticatedContext, containerId: string): Promise<Result<null>> {
  const outcome = await deleteContainer({ ...context, respondAsync: false }, containerId);
  if (!outcome.ok) return outcome;
  if (outcome.value.kind === 'finished') return ok(null);
  return fail('HOST_UNAVAILABLE', 'its server does not answer; the container goes once the server is back', {
    retryAfterSeconds: 10,
  });
}

function partialFailure(
  first: CascadeFailure,
  failures: readonly CascadeFailure[],
  total: number,
  deleted: number,
) {
  const { code, message, retryAfterSeconds } = first.error;
  return fail(code, `${deleted} of ${total} containers are deleted and the project stays: ${message}`, {
    data: {
      deleted_containers: deleted,
      failed: failures.map(({ container, error }) => ({
        id: container.id,
        name: container.name,
        code: error.code,
        message: error.message,
      })),
    },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
