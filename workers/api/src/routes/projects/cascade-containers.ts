import type { ApiError, Result } from '@control-plane/contract';
import { listCascadeContainers, type CascadeContainer, type Database } from '@control-plane/database';
import { forEachBounded } from './bounded-concurrency.ts';

/** Containers read at once. */
const PAGE_SIZE = 500;
/** Deletions under way at once: each holds a request to an object and its host. */
const CONCURRENCY = 8;

/** Every living container of a project, in the order of ids. The project must take no new ones meanwhile. */
export async function allCascadeContainers(
  database: Database,
  projectId: string,
): Promise<CascadeContainer[]> {
  const all: CascadeContainer[] = [];
  for (;;) {
    const page = await listCascadeContainers(database, projectId, all.at(-1)?.id ?? '', PAGE_SIZE);
    all.push(...page);
    if (page.length < PAGE_SIZE) return all;
  }
}

/** A container that could not be deleted, and why. */
export interface CascadeFailure {
  readonly container: CascadeContainer;
  readonly error: ApiError;
}

export interface CascadeOutcome {
  readonly deleted: readonly CascadeContainer[];
  readonly failures: readonly CascadeFailure[];
}

/**
 * Deletes containers, a few at a time; one that is gone already counts as deleted. Stops at the first
 * failure: a project that has to stay keeps as much as it can.
 */
export async function cascadeDelete(
  all: readonly CascadeContainer[],
  deleteOne: (containerId: string) => Promise<Result<unknown>>,
): Promise<CascadeOutcome> {
  const deleted: CascadeContainer[] = [];
  const failures: CascadeFailure[] = [];
  await forEachBounded(all, CONCURRENCY, async (container) => {
    const result = await deleteOne(container.id);
    if (result.ok || result.error.code === 'CONTAINER_NOT_FOUND') deleted.push(container);
    else failures.push({ container, error: result.error });
    return failures.length === 0;
  });
  return { deleted, failures };
}
