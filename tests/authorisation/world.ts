/** What the authorisation tests begin with: users, tokens, a shared project and its container on one stack. */
import {
  hashSecret,
  newAuthToken,
  newObjectId,
  parseJwtKeys,
  permissionTree,
  secureRandom,
  signAccessToken,
} from '@control-plane/auth';
import { PERMISSION_LEAVES, type PermissionLeaf } from '@control-plane/contract/permissions';
import { openDatabase, schema, type AccessLevel, type Database } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import { loadSecrets } from '../../scripts/stack/secrets.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { connectScriptedHost } from '../resources/scripted-host.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

export const REALM = 'a1'.repeat(12);
export const OTHER_REALM = 'b2'.repeat(12);
/** Well-formed, and nothing has it. */
export const MISSING_ID = 'f'.repeat(24);
export const ADDRESS_HEADER = 'x-test-client-address';

const HOUR_MS = 3_600_000;

export interface Send {
  readonly method: string;
  /** With query, relative to the host. */
  readonly path: string;
  readonly authorization?: string;
  readonly realmId?: string;
  readonly body?: unknown;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
}

export interface TokenOptions {
  readonly leaves?: readonly PermissionLeaf[];
  readonly realmIds?: readonly string[];
  readonly ipWhitelist?: readonly string[];
  readonly expiresAt?: number;
  readonly isEnabled?: boolean;
}

/** A project with a collaborator of each level, and a container in it; all of it in {@link REALM}. */
export interface SharedProject {
  readonly projectId: string;
  readonly containerId: string;
  /** The grant of the collaborator with `read`. */
  readonly permissionId: string;
}

export interface World {
  readonly stack: Stack;
  readonly database: Database;
  readonly owner: string;
  readonly stranger: string;
  readonly collaborators: Readonly<Record<AccessLevel, string>>;
  /** A user of their own. */
  newUser(more?: { isBanned?: boolean }): Promise<string>;
  /** The Authorization header of a new session; `issuedAt` in Unix milliseconds. */
  session(userId: string, issuedAt?: number): Promise<string>;
  /** The Authorization header of a new token; every leaf unless told otherwise. */
  token(userId: string, options?: TokenOptions): Promise<string>;
  share(): Promise<SharedProject>;
  send(call: Send): Promise<HttpAnswer>;
  release(): Promise<void>;
}

let addresses = 0;

/** An address that no other call has, so that no rate limit is shared. */
function freshAddress(): string {
  addresses += 1;
  return `198.51.${100 + Math.floor(addresses / 250)}.${1 + (addresses % 250)}`;
}

/** Starts a stack with a host that only pretends, and fills it. */
export async function openWorld(): Promise<World> {
  const { stack, release } = await temporaryStack({ withDaemon: false, clientAddressHeader: ADDRESS_HEADER });
  await connectScriptedHost(stack);
  const database = openDatabase(stack.databaseUrl, stack.databaseToken);
  const keys = await parseJwtKeys((await loadSecrets(stack.data.secretsFile)).jwt_keys);
  const id = () => newObjectId(secureRandom);
  const times = () => ({ createdAt: Date.now(), updatedAt: Date.now() });

  const newUser: World['newUser'] = async ({ isBanned = false } = {}) => {
    const userId = id();
    const names = { email: `${userId}@example.test`, username: userId, passwordHash: 'unusable' };
    const user = { id: userId, ...names, emailVerified: true, isBanned, ...times() };
    await database.insert(schema.users).values(user);
    await database
      .insert(schema.serverGrants)
      .values({ serverId: stack.bootstrap.server_id, userId, createdAt: Date.now() });
    return userId;
  };

  const session: World['session'] = async (userId, issuedAt = Date.now()) => {
    const [user] = await database.select().from(schema.users).where(eq(schema.users.id, userId));
    const subject = { userId, sessionGeneration: user?.sessionGeneration ?? 1 };
    return `Bearer ${(await signAccessToken(keys, subject, issuedAt, secureRandom)).token}`;
  };

  const token: World['token'] = async (userId, options = {}) => {
    const secret = newAuthToken({ random: secureRandom });
    await database.insert(schema.authTokens).values({
      id: secret.id,
      userId,
      alias: `token ${secret.id}`,
      secretHash: hashSecret(secret.text),
      ipWhitelistJson: JSON.stringify(options.ipWhitelist ?? ['*']),
      realmIdsJson: JSON.stringify(options.realmIds ?? []),
      permissionsJson: JSON.stringify(permissionTree(options.leaves ?? PERMISSION_LEAVES)),
      vaultAccess: true,
      isEnabled: options.isEnabled ?? true,
      expiresAt: options.expiresAt ?? null,
      ...times(),
    });
    return `Bearer ${secret.text}`;
  };

  const send: World['send'] = ({ authorization, realmId, host, address = freshAddress(), ...call }) => {
    const realmHost = realmId === undefined ? stack.apiDomain : `${realmId}.${stack.apiDomain}`;
    return httpCall(stack.port, {
      ...call,
      host: host ?? realmHost,
      headers: {
        [ADDRESS_HEADER]: address,
        ...(authorization === undefined ? {} : { authorization }),
        ...call.headers,
      },
    });
  };

  const [owner, stranger, read, edit, remove] = await Promise.all(Array.from({ length: 5 }, () => newUser()));
  if (!owner || !stranger || !read || !edit || !remove) throw new Error('users are missing');
  const collaborators = { read, edit, delete: remove };
  const ownerSession = await session(owner);

  const share: World['share'] = async () => {
    const [projectId, permissionId] = [id(), id()];
    const project = { id: projectId, userId: owner, alias: projectId, color: '#FFFFFF', ...times() };
    const grants = (['read', 'edit', 'delete'] as const).map((level) => ({
      id: level === 'read' ? permissionId : id(),
      projectId,
      userId: collaborators[level],
      level,
      ...times(),
    }));
    await database.batch([
      database.insert(schema.projects).values(project),
      database.insert(schema.projectRealms).values({ projectId, realmId: REALM }),
      database.insert(schema.projectPermissions).values(grants),
    ]);
    const body = { server_id: stack.bootstrap.server_id, hoody_kit: false, realm_ids: [REALM] };
    const path = `/api/v1/projects/${projectId}/containers`;
    const made = await send({ method: 'POST', path, authorization: ownerSession, body });
    const containerId: unknown = Reflect.get(Object(Reflect.get(Object(made.json), 'data')), 'id');
    if (typeof containerId !== 'string') throw new Error(`no container was made: ${made.text}`);
    return { projectId, containerId, permissionId };
  };

  return {
    stack,
    database,
    owner,
    stranger,
    collaborators,
    newUser,
    session,
    token,
    share,
    send,
    release,
  };
}

/** Longer ago than any session lives. */
export const LONG_AGO = () => Date.now() - 30 * 24 * HOUR_MS;
