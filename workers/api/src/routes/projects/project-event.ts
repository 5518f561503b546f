import { randomObjectId } from '@control-plane/serving';
import type { NewEvent } from '@control-plane/database';

/** What an event says of its project. */
export interface EventSubject {
  readonly id: string;
  readonly userId: string;
  readonly realmIds: readonly string[];
}

/** An event of a project, for its owner; `now` in Unix ms, `detail` in wire form. */
export function projectEvent(
  eventType: 'project.created' | 'project.updated' | 'project.deleted',
  project: EventSubject,
  detail: Readonly<Record<string, unknown>>,
  now: number,
): NewEvent {
  return {
    id: randomObjectId(),
    userId: project.userId,
    eventType,
    resourceType: 'project',
    resourceId: project.id,
    payload: { project_id: project.id, ...detail },
    realmIds: project.realmIds,
    now,
  };
}
