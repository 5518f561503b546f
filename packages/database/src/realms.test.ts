import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from './client.ts';
import { createProject } from './projects.ts';
import { listRealms } from './realms.ts';
import { authTokens } from './schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts';
import { addContainer, addUser, eventFor, freshId, idOf, scopeFor, shareProject } from './test-rows.ts';

const OWNER = idOf('a');
const FRIEND = idOf('b');
const STRANGER = idOf('c');
const [ONE, TWO, THREE] = [idOf('1'), idOf('2'), idOf('3')];

let temporary: TemporaryDatabase;
let database: Database;

async function addToken(id: string, realmIds: string[], createdByTokenId: string | null): Promise<void> {
  await database.insert(authTokens).values({
    id,
    userId: OWNER,
    alias: id,
    secretHash: id,
    permissionsJson: '{}',
    realmIdsJson: JSON.stringify(realmIds),
    createdByTokenId,
    createdAt: 1,
    updatedAt: 1,
  });
}

beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  for (const id of [OWNER, FRIEND, STRANGER]) await addUser(database, id);
  const projectId = freshId();
  const project = { id: projectId, alias: 'p', color: '#FFF', maxContainers: null, realmIds: [ONE], now: 1 };
  await createProject(database, scopeFor(OWNER), project, eventFor(OWNER, projectId, 1));
  await shareProject(database, projectId, FRIEND, 'read');
  await addContainer(database, { id: idOf('d'), projectId, userId: OWNER, realmIds: [ONE, TWO] });
  await addContainer(database, { id: idOf('e'), projectId, userId: OWNER, realmIds: [THREE], deletedAt: 9 });
  await addContainer(database, {
    id: idOf('f'),
    projectId,
    userId: OWNER,
    realmIds: [THREE],
    isPrespawn: true,
  });
  await addToken(idOf('4'), [TWO, THREE], null);
  await addToken(idOf('5'), [TWO], idOf('4'));
  await addToken(idOf('6'), [ONE], null);
});
afterAll(() => temporary.dispose());

it('finds each realm of the caller once, with what carries it', async () => {
  expect(await listRealms(database, scopeFor(OWNER), null, 100)).toStrictEqual([
    { realmId: ONE, projects: 1, containers: 1, servers: 0, authTokens: 1 },
    { realmId: TWO, projects: 0, containers: 1, servers: 0, authTokens: 2 },
    { realmId: THREE, projects: 0, containers: 0, servers: 0, authTokens: 1 },
  ]);
});

it('shows in a realm that one only', async () => {
  const seen = await listRealms(database, scopeFor(OWNER, TWO), null, 100);
  expect(seen.map(({ realmId }) => realmId)).toStrictEqual([TWO]);
});

it('shows a collaborator the shared resources and none of the owner tokens', async () => {
  expect(await listRealms(database, scopeFor(FRIEND), null, 100)).toStrictEqual([
    { realmId: ONE, projects: 1, containers: 1, servers: 0, authTokens: 0 },
    { realmId: TWO, projects: 0, containers: 1, servers: 0, authTokens: 0 },
  ]);
});

it('shows a stranger nothing', async () => {
  expect(await listRealms(database, scopeFor(STRANGER), null, 100)).toStrictEqual([]);
});

it('shows a token of the tokens only itself and what it minted', async () => {
  const seen = await listRealms(database, scopeFor(OWNER), idOf('4'), 100);
  expect(seen.map(({ realmId, authTokens: tokens }) => [realmId, tokens])).toStrictEqual([
    [ONE, 0],
    [TWO, 2],
    [THREE, 1],
  ]);
});

it('stops at its bound', async () => {
  expect(await listRealms(database, scopeFor(OWNER), null, 1)).toHaveLength(1);
});
