/** Rows that repository tests begin with. Ids are made of one repeated hex digit so that a failure is readable. */
import type { Database } from './client.ts';
import { containerRealms, containers, projectPermissions, servers, users } from './schema.ts';
import type { AccessLevel, Scope } from './scope.ts';
import type { NewEvent } from './events.ts';

/** A well-formed id of one repeated hex digit. */
export function idOf(digit: string): string {
  return digit.repeat(24);
}

/** The caller `userId`, on the base host or in a realm. */
export function scopeFor(userId: string, realmId: string | null = null): Scope {
  return { userId, realmId };
}

let counter = 0;
/** An id that no other call gave. */
export function freshId(): string {
  counter += 1;
  return counter.toString(16).padStart(24, '0');
}

export function eventFor(userId: string, resourceId: string, now: number): NewEvent {
  return {
    id: freshId(),
    userId,
    eventType: 'project.updated',
    resourceType: 'project',
    resourceId,
    payload: {},
    realmIds: [],
    now,
  };
}

export async function addUser(database: Database, id: string, isAdmin = false): Promise<void> {
  await database.insert(users).values({
    id,
    email: `${id}@example.test`,
    username: `user-${id}`,
    passwordHash: 'unusable',
    isAdmin,
    createdAt: 1,
    updatedAt: 1,
  });
}

export async function shareProject(
  database: Database,
  projectId: string,
  userId: string,
  level: AccessLevel,
): Promise<void> {
  await database
    .insert(projectPermissions)
    .values({ id: freshId(), projectId, userId, level, createdAt: 1, updatedAt: 1 });
}

export async function addServer(database: Database, id: string, publicKey: string | null): Promise<void> {
  await database.insert(servers).values({ id, name: `server-${id}`, publicKey, createdAt: 1, updatedAt: 1 });
}

export async function addContainer(
  database: Database,
  container: {
    readonly id: string;
    readonly projectId: string;
    readonly userId: string;
    readonly realmIds?: readonly string[];
    readonly deletedAt?: number;
    readonly isPrespawn?: boolean;
  },
): Promise<void> {
  await database.insert(containers).values({
    id: container.id,
    projectId: container.projectId,
    userId: container.userId,
    serverId: idOf('5'),
    name: `container-${container.id}`,
    status: container.deletedAt === undefined ? 'running' : 'deleted',
    version: 1,
    incarnation: 1,
    recordJson: '{}',
    isPrespawn: container.isPrespawn ?? false,
    deletedAt: container.deletedAt ?? null,
    createdAt: 1,
    updatedAt: 1,
  });
  for (const realmId of container.realmIds ?? []) {
    await database.insert(containerRealms).values({ containerId: container.id, realmId });
  }
}
