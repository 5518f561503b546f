/**
 * Every route of the table against every kind of caller. The rows come from the route table: a route that is
 * added is tested here at once, or fails here because nobody said what it needs.
 */
import type { RouteDefinition } from '@control-plane/contract';
import { PERMISSION_LEAVES, type PermissionLeaf } from '@control-plane/contract/permissions';
import { ROUTES } from '@control-plane/contract/routes';
import type { AccessLevel } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../scripts/stack/http-call.ts';
import { beginPayments, type BegunPayments } from './begun-payments.ts';
import { ACCOUNT_WIDE, levelOf, resourceOf, type Resource } from './owned-resources.ts';
import { payAndInvoice, type PaidInvoice } from './paid-invoice.ts';
import { rentAndOrder, type RentedServer } from './rented-server.ts';
import { roughRequest, sampleRequest, withTwins, type SampleRequest, type Values } from './sample-request.ts';
import {
  LONG_AGO,
  MISSING_ID,
  OTHER_REALM,
  REALM,
  openWorld,
  type Send,
  type SharedProject,
  type World,
} from './world.ts';

/** Routes that say themselves who may call; the others read no credential or one of their own. */
const GUARDED = ['bearer', 'jwt', 'auth-token', 'active-or-banned'];
const ROWS = withTwins(ROUTES);
const guarded = ROWS.filter(({ auth }) => GUARDED.includes(auth));
const open = ROWS.filter(({ auth }) => auth === 'public');
const nameOf = ({ method, path }: RouteDefinition) => `${method} ${path}`;
const named = (routes: readonly RouteDefinition[]) => routes.map((route) => [nameOf(route), route] as const);
const takesTokens = guarded.filter(({ auth }) => auth !== 'jwt');

let world: World;
let shared: SharedProject;
let ownerSession: string;
let ownerMoney: PaidInvoice;
let ownerPayments: BegunPayments;
let ownerServer: RentedServer;
beforeAll(async () => {
  world = await openWorld();
  shared = await world.share();
  ownerSession = await world.session(world.owner);
  ownerMoney = await payAndInvoice(world, world.owner, ownerSession);
  ownerPayments = await beginPayments(world, world.owner);
  ownerServer = await rentAndOrder(world, world.owner);
}, 120_000);
afterAll(() => world?.release());

const codeOf = (answer: HttpAnswer) => String(Reflect.get(Object(answer.json), 'code'));
const messageOf = (answer: HttpAnswer) => String(Reflect.get(Object(answer.json), 'message'));
/** What a client can tell apart: everything but request id, times and signature. */
const bytesOf = ({ status, text, headers }: HttpAnswer) => ({
  status,
  text,
  type: headers['content-type'],
  names: Object.keys(headers).toSorted(),
});

function ask(request: SampleRequest, more: Omit<Send, 'method' | 'path'>): Promise<HttpAnswer> {
  return world.send({ ...request, ...more });
}
function expectRefusal(answer: HttpAnswer, status: number, code: string): void {
  const seen = { status: answer.status, code: codeOf(answer) };
  expect(seen, `${answer.text}`).toEqual({ status, code });
  expect(Reflect.get(Object(answer.json), 'statusCode')).toBe(status);
}

describe('no credential', () => {
  it.each(named(guarded))('%s asks for one', async (_, route) => {
    const answer = await ask(roughRequest(route), {});
    expectRefusal(answer, 401, 'MISSING_TOKEN');
    expect(answer.headers['www-authenticate']).toContain('Bearer');
  });
});

describe('a malformed credential', () => {
  it.each(named(guarded))('%s refuses it', async (_, route) => {
    for (const authorization of ['Bearer x', 'bearer hdy_1', 'Basic !', `Bearer hdy_${MISSING_ID}_00`]) {
      expectRefusal(await ask(roughRequest(route), { authorization }), 401, 'INVALID_TOKEN');
    }
  });
});

describe('an expired credential', () => {
  let jwt: string;
  let token: string;
  beforeAll(async () => {
    jwt = await world.session(world.owner, LONG_AGO());
    token = await world.token(world.owner, { expiresAt: Date.now() - 1000 });
  });
  it.each(named(guarded))('%s refuses it', async (_, route) => {
    expectRefusal(await ask(roughRequest(route), { authorization: jwt }), 401, 'TOKEN_EXPIRED');
    expectRefusal(await ask(roughRequest(route), { authorization: token }), 401, 'TOKEN_EXPIRED');
  });
});

describe('a disabled token', () => {
  let token: string;
  beforeAll(async () => {
    token = await world.token(world.owner, { isEnabled: false });
  });
  it.each(named(guarded))('%s refuses it', async (_, route) => {
    expectRefusal(await ask(roughRequest(route), { authorization: token }), 401, 'INVALID_TOKEN');
  });
});

describe('a banned user', () => {
  it.each(named(guarded))('%s refuses them, their own profile and logout excepted', async (_, route) => {
    const userId = await world.newUser({ isBanned: true });
    const credentials = [await world.session(userId), await world.token(userId)];
    for (const authorization of credentials) {
      const answer = await ask(roughRequest(route), { authorization });
      if (route.auth === 'active-or-banned') expect(codeOf(answer)).not.toBe('ACCOUNT_BANNED');
      else expectRefusal(answer, 403, 'ACCOUNT_BANNED');
    }
  });
});

describe('an address outside the whitelist', () => {
  let token: string;
  beforeAll(async () => {
    token = await world.token(world.owner, { ipWhitelist: ['203.0.113.0/24', '2001:db8::/32'] });
  });
  it.each(named(guarded))('%s refuses the token', async (_, route) => {
    for (const address of ['203.0.114.1', '2001:db9::1', '::ffff:198.51.100.1']) {
      const answer = await ask(roughRequest(route), { authorization: token, address });
      expectRefusal(answer, 403, 'IP_NOT_ALLOWED');
    }
  });
});

describe('a realm-bound token', () => {
  let token: string;
  beforeAll(async () => {
    token = await world.token(world.owner, { realmIds: [REALM] });
  });
  it.each(named(takesTokens))('%s refuses it on the base host', async (_, route) => {
    const answer = await ask(roughRequest(route), { authorization: token });
    if (route.operationId === 'authTokens.getCurrent') {
      expect(answer.status).toBe(200);
    } else {
      expectRefusal(answer, 403, 'REALM_SCOPE_REQUIRED');
      expect(messageOf(answer)).toContain('requires a realm-scoped URL');
    }
  });
  it.each(named(takesTokens))('%s refuses it on the host of another realm', async (_, route) => {
    const answer = await ask(roughRequest(route), { authorization: token, realmId: OTHER_REALM });
    expectRefusal(answer, 403, 'REALM_SCOPE_REQUIRED');
    expect(messageOf(answer)).toContain('not valid for realm');
  });
});

/** Leaves that a route may ask for, with the path parameters that make it ask. */
function leavesOf(route: RouteDefinition): (readonly [PermissionLeaf, Values])[] {
  if (typeof route.permission !== 'function') {
    return route.permission === undefined ? [] : [[route.permission, {}]];
  }
  const leafOf = route.permission;
  return ['start', 'stop', 'force-stop', 'restart', 'pause', 'resume'].flatMap((operation) => {
    const leaf = leafOf({ operation });
    return leaf === undefined ? [] : [[leaf, { operation }] as const];
  });
}

describe('a token that lacks the leaf', () => {
  const tokens = new Map<PermissionLeaf, Promise<string>>();
  const tokenWithout = (leaf: PermissionLeaf): Promise<string> => {
    const leaves = PERMISSION_LEAVES.filter((other) => other !== leaf);
    const token = tokens.get(leaf) ?? world.token(world.owner, { leaves });
    tokens.set(leaf, token);
    return token;
  };
  const rows = takesTokens.flatMap((route) =>
    leavesOf(route).map(([leaf, values]) => [nameOf(route), leaf, route, values] as const),
  );
  it.each(rows)('%s names %s', async (_, leaf, route, values) => {
    const authorization = await tokenWithout(leaf);
    const answer = await ask(roughRequest(route, values), { authorization });
    expectRefusal(answer, 403, 'INSUFFICIENT_PERMISSIONS');
    expect(answer.json).toMatchObject({ data: { required_permission: leaf } });
  });
});

describe('the wrong kind of credential', () => {
  it.each(named(guarded.filter(({ auth }) => auth === 'jwt')))('%s takes sessions only', async (_, route) => {
    const authorization = await world.token(world.owner);
    expectRefusal(await ask(roughRequest(route), { authorization }), 403, 'INSUFFICIENT_PERMISSIONS');
  });
  it.each(named(guarded.filter(({ auth }) => auth === 'auth-token')))(
    '%s takes auth tokens only',
    async (_, route) => {
      const answer = await ask(roughRequest(route), { authorization: ownerSession });
      expectRefusal(answer, 403, 'INSUFFICIENT_PERMISSIONS');
    },
  );
});

describe('an open route', () => {
  it.each(named(open))('%s answers a bad credential as it answers none', async (_, route) => {
    const facts = async (authorization?: string) => {
      const answer = await ask(roughRequest(route), authorization === undefined ? {} : { authorization });
      return { status: answer.status, code: codeOf(answer) };
    };
    const plain = await facts();
    expect(['MISSING_TOKEN', 'INTERNAL_SERVER_ERROR']).not.toContain(plain.code);
    const banned = await world.session(await world.newUser({ isBanned: true }));
    for (const bad of ['Bearer x', await world.session(world.owner, LONG_AGO()), banned]) {
      expect(await facts(bad)).toEqual(plain);
    }
  });
});

describe('a route with a credential of its own', () => {
  const others = ROWS.filter(({ auth }) => auth !== 'public' && !GUARDED.includes(auth));
  it.each(named(others))('%s is not opened by anything else', async (_, route) => {
    const credentials = [undefined, 'Bearer x', ownerSession, await world.token(world.owner)];
    for (const authorization of credentials) {
      const answer = await ask(roughRequest(route), authorization === undefined ? {} : { authorization });
      expect(answer.status, `${answer.text}`).toBeGreaterThanOrEqual(300);
      expect(answer.status, `${answer.text}`).toBeLessThan(500);
    }
  });
});

/** The values that make a request name the owner's resource. */
function valuesOf(resource: Resource, { projectId, containerId, permissionId }: SharedProject): Values {
  const ids = {
    project: projectId,
    container: containerId,
    operation: `${containerId}00000000`,
    token: MISSING_ID,
    user: world.owner,
    transaction: ownerMoney.transactionId,
    invoice: ownerMoney.invoiceId,
    stripe_intent: ownerPayments.stripeIntentId,
    crypto_intent: ownerPayments.cryptoIntentId,
    bank_intent: ownerPayments.bankIntentId,
    payment_method: ownerPayments.paymentMethodId,
    rental: ownerServer.rentalId,
    reservation: ownerServer.reservationId,
    none: MISSING_ID,
  };
  return {
    id: ids[resource],
    permissionId,
    user_id: world.stranger,
    server_id: world.stack.bootstrap.server_id,
    target_project_id: projectId,
    realm_id: REALM,
  };
}
const MISSING: Values = { id: MISSING_ID };
const owned = guarded.filter((route) => !['none', 'user'].includes(resourceOf(route)));

/** Asks for a resource that is there, and for one that is not: both answers must be the same. */
async function expectHidden(
  route: RouteDefinition,
  values: Values,
  more: Omit<Send, 'method' | 'path'>,
): Promise<void> {
  const missing = resourceOf(route) === 'operation' ? { id: `${MISSING_ID}00000000` } : MISSING;
  const hidden = await ask(sampleRequest(route, values), more);
  const absent = await ask(sampleRequest(route, { ...values, ...missing }), more);
  expect(hidden.status, `${hidden.text}`).toBe(404);
  expect(bytesOf(hidden)).toEqual(bytesOf(absent));
}

async function tokenIdOf(authorization: string): Promise<string> {
  return authorization.slice('Bearer hdy_'.length, 'Bearer hdy_'.length + 24);
}
async function valuesFor(route: RouteDefinition): Promise<Values> {
  const resource = resourceOf(route);
  const values = valuesOf(resource, shared);
  if (resource !== 'token') return values;
  return { ...values, id: await tokenIdOf(await world.token(world.owner, { realmIds: [REALM] })) };
}

describe("another user's resource", () => {
  it.each(named(owned))('%s is as if it were missing', async (_, route) => {
    const values = await valuesFor(route);
    await expectHidden(route, values, { authorization: await world.session(world.stranger) });
    if (route.auth !== 'jwt') {
      await expectHidden(route, values, { authorization: await world.token(world.stranger) });
    }
    await expectHidden(route, values, {
      authorization: await world.session(world.stranger),
      realmId: REALM,
    });
  });
});

describe("another user's profile", () => {
  const profiles = guarded.filter((route) => resourceOf(route) === 'user');
  it.each(named(profiles))('%s is refused as one that is missing', async (_, route) => {
    const values = valuesOf('user', shared);
    for (const authorization of [await world.session(world.stranger), await world.token(world.stranger)]) {
      const there = await ask(sampleRequest(route, values), { authorization });
      const absent = await ask(sampleRequest(route, { ...values, ...MISSING }), { authorization });
      expect([403, 404], `${there.text}`).toContain(there.status);
      expect(bytesOf(there)).toEqual(bytesOf(absent));
    }
  });
});

describe("a resource on another realm's host", () => {
  const realmed = owned.filter((route) => !ACCOUNT_WIDE.has(resourceOf(route)));
  it.each(named(realmed))('%s is as if it were missing, for its owner too', async (_, route) => {
    const values = await valuesFor(route);
    await expectHidden(route, values, { authorization: ownerSession, realmId: OTHER_REALM });
    if (route.auth === 'jwt') return;
    const elsewhere = await world.token(world.owner, { realmIds: [OTHER_REALM] });
    await expectHidden(route, values, { authorization: elsewhere, realmId: OTHER_REALM });
  });
});

describe.each(['read', 'edit', 'delete'] as const)('a collaborator with %s', (held) => {
  const rank = (level: AccessLevel | 'owner') => ['read', 'edit', 'delete', 'owner'].indexOf(level);
  const NOT_PERMITTED = ['INSUFFICIENT_PERMISSIONS', 'CONTAINER_NOT_FOUND', 'RESOURCE_NOT_FOUND'];
  const rows = owned.filter((route) => ['project', 'container'].includes(resourceOf(route)));
  it.each(named(rows))('%s', async (_, route) => {
    // What changes something gets a project of its own.
    const target = route.method === 'GET' ? shared : await world.share();
    const request = sampleRequest(route, valuesOf(resourceOf(route), target));
    const authorization = await world.session(world.collaborators[held]);
    const answer = await ask(request, { authorization });
    if (rank(held) < rank(levelOf(route))) {
      expectRefusal(answer, 403, 'INSUFFICIENT_PERMISSIONS');
    } else {
      expect(NOT_PERMITTED, `${answer.text}`).not.toContain(codeOf(answer));
      expect(['VALIDATION_ERROR', 'INTERNAL_SERVER_ERROR'], `${answer.text}`).not.toContain(codeOf(answer));
    }
  });
});
