/**
 * What a new stack starts with: an operator, three ordinary users, a project each, this machine as a
 * server, and who may use it. Idempotent: what is there already stays as it is.
 */
import { hostname } from 'node:os';
import {
  hashPassword,
  hashSecret,
  newMailToken,
  newObjectId,
  parseJwtKeys,
  permissionTree,
  secureRandom,
  signAccessToken,
  tokenIdOf,
} from '@control-plane/auth';
import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import { schema, type Database } from '@control-plane/database';
import { and, eq } from 'drizzle-orm';
import type { StackSecrets } from './secrets.ts';

const JOIN_TOKEN_LIFETIME_MS = 3_600_000;
const PROJECT_COLOR = '#3B82F6';
const SERVER_NAME = 'node-local';

export interface SeededUser {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly password: string;
}

export interface Seed {
  readonly operator: SeededUser;
  /** The first two may create containers on the server. */
  readonly users: readonly SeededUser[];
  /** A JWT of the operator, good for a day. */
  readonly adminToken: string;
  readonly projectId: string;
  readonly serverId: string;
  readonly serverName: string;
  /** Lets this machine's daemon enrol once within the hour. */
  readonly joinToken: string;
}

interface Account {
  readonly email: string;
  readonly username: string;
  readonly password: string;
  readonly isAdmin: boolean;
}

/** The user with that e-mail, made if missing. */
async function seedUser(database: Database, account: Account, now: number): Promise<SeededUser> {
  const { email, username, password, isAdmin } = account;
  const known = await database.select().from(schema.users).where(eq(schema.users.email, email)).get();
  if (known !== undefined) return { id: known.id, email, username: known.username, password };
  const id = newObjectId(secureRandom);
  await database.insert(schema.users).values({
    id,
    email,
    username,
    passwordHash: await hashPassword(password, secureRandom),
    emailVerified: true,
    isAdmin,
    createdAt: now,
    updatedAt: now,
  });
  return { id, email, username, password };
}

/** The user's default project, made if missing. */
async function seedProject(database: Database, userId: string, now: number): Promise<string> {
  const { projects } = schema;
  const isTheirs = and(eq(projects.userId, userId), eq(projects.isDefault, true));
  const known = await database.select({ id: projects.id }).from(projects).where(isTheirs).get();
  if (known !== undefined) return known.id;
  const id = newObjectId(secureRandom);
  await database.insert(projects).values({
    id,
    userId,
    alias: 'default',
    color: PROJECT_COLOR,
    isDefault: true,
    createdAt: now,
    updatedAt: now,
  });
  return id;
}

/** This machine as a server; what it is and can do comes with its daemon's first hello. */
async function seedServer(database: Database, now: number): Promise<string> {
  const { servers } = schema;
  const known = await database
    .select({ id: servers.id })
    .from(servers)
    .where(eq(servers.name, SERVER_NAME))
    .get();
  if (known !== undefined) return known.id;
  const id = newObjectId(secureRandom);
  const row = { id, name: SERVER_NAME, datacenter: hostname(), createdAt: now, updatedAt: now };
  await database.insert(servers).values(row);
  return id;
}

async function seedJoinToken(database: Database, serverId: string, now: number): Promise<string> {
  const { hostJoinTokens } = schema;
  const { text, hash } = newMailToken(secureRandom);
  await database.delete(hostJoinTokens).where(eq(hostJoinTokens.serverId, serverId));
  const row = { tokenHash: hash, serverId, expiresAt: now + JOIN_TOKEN_LIFETIME_MS, createdAt: now };
  await database.insert(hostJoinTokens).values(row);
  return text;
}

/** The operator's `hdy_` token with every permission; a deleted one comes back, a changed one stays. */
async function seedToken(database: Database, userId: string, text: string, now: number): Promise<void> {
  const id = tokenIdOf(text);
  if (id === null) throw new Error('the operator token in the secrets file is malformed');
  await database
    .insert(schema.authTokens)
    .values({
      id,
      userId,
      alias: 'local stack',
      secretHash: hashSecret(text),
      permissionsJson: JSON.stringify(permissionTree(PERMISSION_LEAVES)),
      vaultAccess: true,
      createdAt: now,
      updatedAt: now,
    })
    .onConflictDoNothing();
}

/**
 * Seeds the database and signs the operator in.
 *
 * @param now Unix milliseconds
 */
export async function seedDatabase(database: Database, secrets: StackSecrets, now: number): Promise<Seed> {
  const operator = await seedUser(
    database,
    { email: 'operator@localhost', username: 'operator', password: secrets.operator_password, isAdmin: true },
    now,
  );
  const users: SeededUser[] = [];
  for (const [index, password] of secrets.user_passwords.entries()) {
    const username = `user${index + 1}`;
    users.push(
      await seedUser(database, { email: `${username}@localhost`, username, password, isAdmin: false }, now),
    );
  }
  const projectId = await seedProject(database, operator.id, now);
  for (const user of users) await seedProject(database, user.id, now);
  const serverId = await seedServer(database, now);
  for (const { id } of [operator, ...users.slice(0, 2)]) {
    await database
      .insert(schema.serverGrants)
      .values({ serverId, userId: id, createdAt: now })
      .onConflictDoNothing();
  }
  await seedToken(database, operator.id, secrets.operator_token, now);
  const row = await database
    .select({ sessionGeneration: schema.users.sessionGeneration })
    .from(schema.users)
    .where(eq(schema.users.id, operator.id))
    .get();
  const keys = await parseJwtKeys(secrets.jwt_keys);
  const subject = { userId: operator.id, sessionGeneration: row?.sessionGeneration ?? 1 };
  return {
    operator,
    users,
    adminToken: (await signAccessToken(keys, subject, now, secureRandom)).token,
    projectId,
    serverId,
    serverName: SERVER_NAME,
    joinToken: await seedJoinToken(database, serverId, now),
  };
}
