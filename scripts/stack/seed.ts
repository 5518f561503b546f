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
import type { Client, InValue } from '@libsql/client/web';
import type { StackSecrets } from './secrets.ts';

const JOIN_TOKEN_LIFETIME_MS = 3_600_000;
const PROJECT_COLOR = '#3B82F6';
const SERVER_NAME = 'node-local';
const LISTING_SLOTS = 5;

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

type Row = Readonly<Record<string, InValue>>;

/** Adds a row, or leaves what is there under the same key. SQL by hand: the query builder takes most of a second to load. */
async function insert(client: Client, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const marks = columns.map(() => '?').join(', ');
  await client.execute({
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks}) ON CONFLICT DO NOTHING`,
    args: Object.values(row),
  });
}

/** The id of the row for which `condition` holds, or undefined. */
async function findId(
  client: Client,
  table: string,
  condition: string,
  args: InValue[],
): Promise<string | undefined> {
  const { rows } = await client.execute({ sql: `SELECT id FROM ${table} WHERE ${condition} LIMIT 1`, args });
  const id = rows[0]?.['id'];
  return typeof id === 'string' ? id : undefined;
}

/** The user with that e-mail, made if missing. */
async function seedUser(client: Client, account: Account, now: number): Promise<SeededUser> {
  const { email, username, password, isAdmin } = account;
  const known = await findId(client, 'users', 'email = ?', [email]);
  if (known !== undefined) return { id: known, email, username, password };
  const id = newObjectId(secureRandom);
  await insert(client, 'users', {
    id,
    email,
    username,
    password_hash: await hashPassword(password, secureRandom),
    email_verified: 1,
    is_admin: isAdmin ? 1 : 0,
    created_at: now,
    updated_at: now,
  });
  return { id, email, username, password };
}

/** The user's default project, made if missing. */
async function seedProject(client: Client, userId: string, now: number): Promise<string> {
  const known = await findId(client, 'projects', 'user_id = ? AND is_default = 1', [userId]);
  if (known !== undefined) return known;
  const id = newObjectId(secureRandom);
  await insert(client, 'projects', {
    id,
    user_id: userId,
    alias: 'default',
    color: PROJECT_COLOR,
    is_default: 1,
    created_at: now,
    updated_at: now,
  });
  return id;
}

/** This machine's places for rent, so that renting can be tried out: a few at once, by the day, week or month. */
async function seedListing(client: Client, serverId: string, now: number): Promise<void> {
  await insert(client, 'market_listings', {
    server_id: serverId,
    slots: LISTING_SLOTS,
    model: 'Local machine',
    prices_json: JSON.stringify({ 1: 100, 7: 500, 30: 1500 }),
    created_at: now,
    updated_at: now,
  });
}

/** This machine as a server; what it is and can do comes with its daemon's first hello. */
async function seedServer(client: Client, now: number): Promise<string> {
  const known = await findId(client, 'servers', 'name = ?', [SERVER_NAME]);
  if (known !== undefined) return known;
  const id = newObjectId(secureRandom);
  await insert(client, 'servers', {
    id,
    name: SERVER_NAME,
    datacenter: hostname(),
    created_at: now,
    updated_at: now,
  });
  return id;
}

async function seedJoinToken(client: Client, serverId: string, now: number): Promise<string> {
  const { text, hash } = newMailToken(secureRandom);
  await client.execute({ sql: 'DELETE FROM host_join_tokens WHERE server_id = ?', args: [serverId] });
  await insert(client, 'host_join_tokens', {
    token_hash: hash,
    server_id: serverId,
    expires_at: now + JOIN_TOKEN_LIFETIME_MS,
    created_at: now,
  });
  return text;
}

/** The operator's `hdy_` token with every permission; a deleted one comes back, a changed one stays. */
async function seedToken(client: Client, userId: string, text: string, now: number): Promise<void> {
  const id = tokenIdOf(text);
  if (id === null) throw new Error('the operator token in the secrets file is malformed');
  await insert(client, 'auth_tokens', {
    id,
    user_id: userId,
    alias: 'local stack',
    secret_hash: hashSecret(text),
    permissions_json: JSON.stringify(permissionTree(PERMISSION_LEAVES)),
    vault_access: 1,
    created_at: now,
    updated_at: now,
  });
}

async function sessionGenerationOf(client: Client, userId: string): Promise<number> {
  const sql = 'SELECT session_generation FROM users WHERE id = ?';
  const { rows } = await client.execute({ sql, args: [userId] });
  return Number(rows[0]?.['session_generation'] ?? 1);
}

/**
 * Seeds the database and signs the operator in.
 *
 * @param now Unix milliseconds
 */
export async function seedDatabase(client: Client, secrets: StackSecrets, now: number): Promise<Seed> {
  const accounts: Account[] = secrets.user_passwords.map((password, index) => {
    const username = `user${index + 1}`;
    return { email: `${username}@localhost`, username, password, isAdmin: false };
  });
  const password = secrets.operator_password;
  const [operator, ...users] = await Promise.all([
    seedUser(client, { email: 'operator@localhost', username: 'operator', password, isAdmin: true }, now),
    ...accounts.map((account) => seedUser(client, account, now)),
  ]);
  const projectId = await seedProject(client, operator.id, now);
  for (const user of users) await seedProject(client, user.id, now);
  const serverId = await seedServer(client, now);
  await seedListing(client, serverId, now);
  for (const { id } of [operator, ...users.slice(0, 2)]) {
    await insert(client, 'server_grants', { server_id: serverId, user_id: id, created_at: now });
  }
  await seedToken(client, operator.id, secrets.operator_token, now);
  const keys = await parseJwtKeys(secrets.jwt_keys);
  const subject = {
    userId: operator.id,
    sessionGeneration: await sessionGenerationOf(client, operator.id),
  };
  return {
    operator,
    users,
    adminToken: (await signAccessToken(keys, subject, now, secureRandom)).token,
    projectId,
    serverId,
    serverName: SERVER_NAME,
    joinToken: await seedJoinToken(client, serverId, now),
  };
}
