import { randomHex, randomObjectId, describeError } from '@control-plane/serving';
import { hashSecret } from '@control-plane/auth';
import { CreateContainerBody } from '@control-plane/contract';
import {
  claimFreeServer,
  ensureDefaultProject,
  findDefaultContainer,
  findUser,
  loadLoginFacts,
  readFreeTier,
  redeemInviteCode,
  settleSignupInvite,
  type LoginFacts,
  type ServerRow,
  type UserRow,
} from '@control-plane/database';
import { createContainer } from '../containers/create-container.ts';
import type { AuthenticatedContext, RequestContext } from '../context.ts';
import { serverView } from '../routes/authentication/session.ts';
import { freeServerNames, isUnlocked } from './free-tier.ts';

const DEFAULT_NAME = 'default';
/** Aliases tried for the default project, should the user have taken its name for another. */
const ALIAS_DRAWS_MAX = 4;

/** What an account was given, as the wire has it; null: not yet, or not offered here. */
export interface Provisioned {
  readonly server: ReturnType<typeof serverView> | null;
  readonly project: { readonly id: string; readonly alias: string } | null;
  readonly container: LoginFacts['container'];
}

/** The caller as the user themself on the base host, whoever set the work off. */
function asOwner(context: RequestContext, user: UserRow): AuthenticatedContext {
  return {
    ...context,
    realmId: null,
    respondAsync: false,
    principal: {
      kind: 'jwt',
      userId: user.id,
      username: user.username,
      email: user.email,
      alias: user.alias,
      isAdmin: user.isAdmin,
      isBanned: user.isBanned,
      emailVerified: user.emailVerified,
      sessionGeneration: user.sessionGeneration,
      grant: null,
      viaBasic: false,
      impersonatedBy: null,
      credentialExpiresAt: null,
    },
  };
}

async function defaultProject({ database }: RequestContext, userId: string, now: number) {
  for (let draw = 0; draw < ALIAS_DRAWS_MAX; draw += 1) {
    const alias = draw === 0 ? DEFAULT_NAME : `${DEFAULT_NAME}-${randomHex(4)}`;
    const project = { id: randomObjectId(), alias, color: `#${randomHex(6).toUpperCase()}` };
    const made = await ensureDefaultProject(database, userId, project, {
      id: randomObjectId(),
      userId,
      eventType: 'project.created',
      resourceType: 'project',
      resourceId: project.id,
      payload: { ...project, is_default: true },
      realmIds: [],
      now,
    });
    if (made !== null) return made;
  }
  throw new Error('no free alias for a default project');
}

/**
 * The default container, made if it is missing. Its id follows from the account and from how many it had
 * before, so that two attempts at once make one.
 */
async function defaultContainer(owner: AuthenticatedContext, projectId: string, server: ServerRow) {
  const { database, log, principal } = owner;
  const known = await findDefaultContainer(database, principal.userId);
  if (known.id !== null) return;
  const seedId = hashSecret(`default-container ${principal.userId} ${known.deleted}`).slice(0, 24);
  for (const name of [DEFAULT_NAME, 'rand']) {
    const body = CreateContainerBody().parse({ server_id: server.id, name });
    const made = await createContainer({ ...owner, seedId }, projectId, body, { isDefault: true });
    if (made.ok) return;
    if (made.error.code !== 'CONTAINER_NAME_IN_USE') {
      log.warn('no default container', { code: made.error.code });
      return;
    }
  }
}

/**
 * Gives an account what every account has: a default project and, where free servers are offered and it may
 * have one, a server and a default container. What is there stays; what can't be made now is left out and
 * can be asked for again.
 *
 * @param region where the server should be; null: where the user wished it at signup
 */
export async function provisionDefaults(
  context: RequestContext,
  user: UserRow,
  region: string | null,
): Promise<Provisioned> {
  const { database, env } = context;
  const now = Date.now();
  const project = await defaultProject(context, user.id, now);
  const names = freeServerNames(env);
  const held = await readFreeTier(database, user.id, names);
  const server =
    held.server ??
    (isUnlocked(env, user)
      ? await claimFreeServer(database, user.id, names, region ?? user.signupRegion, now)
      : null);
  if (server !== null) await defaultContainer(asOwner(context, user), project.id, server);
  const facts = await loadLoginFacts(database, user.id, now);
  const shown = facts.server ?? server;
  return {
    server: shown === null ? null : serverView(shown),
    project: facts.project ?? project,
    container: facts.container,
  };
}

/** Sets a new account up behind its first login: the invite code of its signup, then what every account has. */
export function provisionInBackground(context: RequestContext, user: UserRow): void {
  const { database, log, waitUntil } = context;
  const work = async (): Promise<void> => {
    if (user.signupInviteHash !== null) {
      const outcome = await redeemInviteCode(database, user.id, user.signupInviteHash, Date.now());
      await settleSignupInvite(database, user.id, outcome === 'refused');
    }
    const current = await findUser(database, user.id);
    if (current !== null) await provisionDefaults(context, current, null);
  };
  waitUntil(work().catch((error: unknown) => log.error('setup failed', { error: describeError(error) })));
}
