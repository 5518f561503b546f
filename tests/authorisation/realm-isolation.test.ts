/**
 * Realm isolation as non-interference: what a caller observes within a realm is the same whether the rest of
 * the account is there or not. Two random worlds that differ only in what the realm does not carry must
 * answer every repository call alike, so that no read, list, count or refusal tells of a foreign realm.
 *
 * Left out on purpose, because the contract makes them unique beyond realms: a project's alias per owner, a
 * token's alias per user, a container's name per project, and SSH keys.
 */
import {
  deleteAuthToken,
  findAuthToken,
  findContainer,
  findContainerOwnership,
  findProject,
  findPublicProfile,
  listAuthTokens,
  listContainers,
  listProjectPermissions,
  listProjects,
  listRealms,
  markProjectDeleting,
  removeProjectPermission,
  schema,
  updateAuthToken,
  updateProject,
  updateProjectPermission,
  addProjectPermission,
  type Database,
  type NewEvent,
  type Scope,
} from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const hex = (kind: string, index: number) => `${kind}${index}`.padEnd(24, '0');
const REALMS = [hex('a', 1), hex('b', 2), hex('c', 3)];
const HERE = REALMS[0] ?? '';
const CALLER = hex('d', 1);
const OTHER = hex('d', 2);
const USERS = [CALLER, OTHER];
const SLOTS = 4;
const KEYS = ['ab'.repeat(32), 'cd'.repeat(32)];

interface ProjectModel {
  readonly owner: string;
  readonly realms: readonly string[];
  readonly shared: 'read' | 'edit' | 'delete' | null;
  readonly alias: string;
}
interface ContainerModel {
  readonly project: number;
  readonly realms: readonly string[];
}
interface TokenModel {
  readonly realms: readonly string[];
  readonly key: number | null;
}
interface WorldModel {
  readonly projects: readonly (ProjectModel | null)[];
  readonly containers: readonly (ContainerModel | null)[];
  readonly tokens: readonly (TokenModel | null)[];
}

const realms = fc.subarray(REALMS);
const worlds: fc.Arbitrary<WorldModel> = fc.record({
  projects: fc.array(
    fc.record({
      owner: fc.constantFrom(...USERS),
      realms,
      shared: fc.constantFrom('read' as const, 'edit' as const, 'delete' as const, null),
      alias: fc.constant(''),
    }),
    { minLength: SLOTS, maxLength: SLOTS },
  ),
  containers: fc.array(fc.record({ project: fc.nat(SLOTS - 1), realms }), { maxLength: 6 }),
  tokens: fc.array(fc.record({ realms, key: fc.option(fc.nat(KEYS.length - 1)) }), { maxLength: SLOTS }),
});

/** The same world without what the realm does not carry: gone where that can be, else different. */
function withoutTheRest(world: WorldModel): WorldModel {
  const isHere = (list: readonly string[]) => list.includes(HERE);
  const kept = (list: readonly string[]) => (isHere(list) ? [HERE] : []);
  const containers = world.containers.map((container) =>
    container !== null && isHere(container.realms) ? { ...container, realms: [HERE] } : null,
  );
  const isNeeded = (index: number) => containers.some((container) => container?.project === index);
  return {
    containers,
    projects: world.projects.map((project, index) => {
      if (project === null) return null;
      if (isHere(project.realms)) return { ...project, realms: [HERE] };
      return isNeeded(index) ? { ...project, realms: kept(project.realms), alias: 'renamed' } : null;
    }),
    // What a token bound to nothing publishes is to be seen in every realm.
    tokens: world.tokens.map((token) => {
      if (token === null || token.realms.length === 0) return token;
      return isHere(token.realms) ? { ...token, realms: [HERE] } : null;
    }),
  };
}

const projectId = (index: number) => hex('1', index);
const containerId = (index: number) => hex('2', index);
const tokenId = (index: number) => hex('3', index);
const grantId = (index: number) => hex('4', index);
const times = { createdAt: 1, updatedAt: 1 };

async function build(database: Database, world: WorldModel): Promise<void> {
  const {
    users,
    projects,
    projectRealms,
    projectPermissions,
    containers,
    containerRealms,
    authTokens,
    events,
  } = schema;
  for (const table of [
    containerRealms,
    containers,
    projectPermissions,
    projectRealms,
    projects,
    authTokens,
  ]) {
    await database.delete(table);
  }
  await database.delete(events);
  await database.delete(users);
  for (const id of USERS) {
    const names = { email: `${id}@example.test`, username: id, passwordHash: 'unusable' };
    await database.insert(users).values({ id, ...names, ...times });
  }
  for (const [index, project] of world.projects.entries()) {
    if (project === null) continue;
    const id = projectId(index);
    const alias = `${project.alias}project-${index}`;
    await database.insert(projects).values({ id, userId: project.owner, alias, color: '#FFF', ...times });
    for (const realmId of project.realms)
      await database.insert(projectRealms).values({ projectId: id, realmId });
    const userId = project.owner === CALLER ? OTHER : CALLER;
    if (project.shared === null) continue;
    const grant = { id: grantId(index), projectId: id, userId, level: project.shared };
    await database.insert(projectPermissions).values({ ...grant, ...times });
  }
  for (const [index, container] of world.containers.entries()) {
    if (container === null) continue;
    const id = containerId(index);
    const project = { projectId: projectId(container.project), userId: CALLER };
    await database.insert(containers).values({
      id,
      ...project,
      serverId: hex('5', 1),
      name: `container-${index}`,
      status: 'running',
      version: 1,
      incarnation: 1,
      recordJson: JSON.stringify({ id, ...project }),
      ...times,
    });
    for (const realmId of container.realms) {
      await database.insert(containerRealms).values({ containerId: id, realmId });
    }
  }
  for (const [index, token] of world.tokens.entries()) {
    if (token === null) continue;
    await database.insert(authTokens).values({
      id: tokenId(index),
      userId: CALLER,
      alias: `token-${index}`,
      secretHash: `hash-${index}`,
      publicKey: token.key === null ? null : (KEYS[token.key] ?? null),
      realmIdsJson: JSON.stringify(token.realms),
      permissionsJson: '{}',
      ...times,
    });
  }
}

/** What a realm-bound caller is shown of the realms that a resource carries: its own. */
function shown(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, member: unknown) =>
      name === 'realmIds' && Array.isArray(member) ? member.filter((realmId) => realmId === HERE) : member,
    ) ?? 'null',
  );
}

let eventCounter = 0;
function eventFor(resourceId: string): NewEvent {
  eventCounter += 1;
  return {
    id: hex('e', eventCounter),
    userId: CALLER,
    eventType: 'project.updated',
    resourceType: 'project',
    resourceId,
    payload: {},
    realmIds: [],
    now: 10,
  };
}

/** Everything that can be read within the realm, each call with its answer. */
async function observe(database: Database, scope: Scope): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const page = { page: 1, limit: 100, sortOrder: 'asc' } as const;
  for (const realmId of [null, ...REALMS]) {
    const options = { ...page, sortBy: 'id', realmId } as const;
    seen[`projects ${realmId}`] = await listProjects(database, scope, options);
    for (const project of [null, ...Array.from({ length: SLOTS }, (_, index) => projectId(index))]) {
      seen[`containers ${realmId} ${project}`] = await listContainers(database, scope, {
        ...options,
        projectId: project,
        includePrespawn: true,
        includeExpired: true,
        includeDeleting: true,
      });
    }
  }
  seen['realms'] = await listRealms(database, scope, null, 100);
  seen['tokens'] = await listAuthTokens(database, scope, null, 100);
  for (const key of KEYS) seen[`profile ${key}`] = await findPublicProfile(database, key, scope.realmId, 5);
  for (let index = 0; index < 6; index += 1) {
    for (const access of ['read', 'edit', 'delete'] as const) {
      seen[`project ${index} ${access}`] = await findProject(database, scope, projectId(index), access);
      seen[`container ${index} ${access}`] = await findContainer(database, scope, containerId(index), access);
    }
    seen[`ownership ${index}`] = await findContainerOwnership(database, scope, containerId(index));
    seen[`token ${index}`] = await findAuthToken(database, scope, null, tokenId(index));
    seen[`grants ${index}`] = await listProjectPermissions(database, scope, projectId(index), {
      ...page,
      sortBy: 'id',
    });
  }
  return seen;
}

/** How every attempt to change something answers; run last, because some of them succeed. */
async function attempt(database: Database, scope: Scope): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (let index = 0; index < SLOTS; index += 1) {
    const id = projectId(index);
    const grant = { id: grantId(index), projectId: id, level: 'read' as const };
    const event = () => eventFor(id);
    seen[`update ${index}`] = await updateProject(database, scope, id, { color: '#000' }, event());
    seen[`regrant ${index}`] = await updateProjectPermission(database, scope, grant, event());
    seen[`revoke ${index}`] = await removeProjectPermission(database, scope, grant, event());
    seen[`grant ${index}`] = await addProjectPermission(
      database,
      scope,
      { ...grant, userId: OTHER },
      event(),
    );
    seen[`delete ${index}`] = await markProjectDeleting(database, scope, id, 20);
    const token = { id: tokenId(index), realmIds: [], createdByTokenId: null };
    const changes = { eventAccess: false };
    seen[`token ${index}`] = await updateAuthToken(database, scope, null, token, changes, event());
    seen[`remove ${index}`] = await deleteAuthToken(database, scope, null, token, event());
  }
  return seen;
}

describe('what is seen within a realm', () => {
  let temporary: TemporaryDatabase;
  beforeAll(async () => {
    temporary = await openTemporaryDatabase();
  });
  afterAll(() => temporary.dispose());

  it('does not depend on anything that the realm does not carry', async () => {
    const { database } = temporary;
    let somethingSeen = 0;
    let somethingHidden = 0;
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom(...USERS), async (world, userId) => {
        const scope = { userId, realmId: HERE };
        const look = async (model: WorldModel) => {
          await build(database, model);
          const reads = shown(await observe(database, scope));
          const writes = shown(await attempt(database, scope));
          return { reads, writes };
        };
        const reduced = withoutTheRest(world);
        const whole = await look(world);
        expect(whole).toEqual(await look(reduced));
        const text = JSON.stringify(whole);
        for (const foreign of REALMS.slice(1)) {
          // Keys of this test's own record name realms; answers must not.
          expect(text.replaceAll(/"(?:projects|containers) [^"]*":/g, '')).not.toContain(foreign);
        }
        if (text.includes('project-')) somethingSeen += 1;
        if (JSON.stringify(reduced) !== JSON.stringify(world)) somethingHidden += 1;
      }),
      { numRuns: 25 },
    );
    expect(somethingSeen).toBeGreaterThan(5);
    expect(somethingHidden).toBeGreaterThan(5);
  }, 120_000);
});
