import { randomObjectId, jwtKeys, authenticate, authorize } from '@control-plane/serving';
import { secureRandom, signAccessToken, type Principal } from '@control-plane/auth';
import { defineRoute, type RouteAuth } from '@control-plane/contract';
import { ok } from '@control-plane/contract/errors';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { hashPassword } from '@control-plane/auth';
import { operation, type Operation } from '../../operation.ts';
import { createAuthToken } from '../auth-tokens/create-auth-token.ts';
import { freshPassword, openStage, type Stage } from './test-context.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.dispose());

const failure = (code: string) => ({ ok: false, error: { code } });
const basic = (login: string, password: string): string =>
  `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;

/** An operation of the given kind that answers who called. */
function probe(auth: RouteAuth): Operation {
  const route = defineRoute({
    operationId: 'probe.whoCalls',
    method: 'GET',
    path: '/probe',
    tag: 'probe',
    summary: 'Tell who calls',
    auth,
    success: [200],
    data: () => z.object({ caller: z.string().nullable() }),
    errors: [],
  });
  return operation(route, async (_input, { principal }) =>
    ok({ message: 'seen', data: { caller: principal === null ? null : principal.kind } }),
  );
}

async function person() {
  const id = randomObjectId();
  const password = freshPassword();
  await stage.database.insert(schema.users).values({
    id,
    email: `${id}@example.test`,
    username: id,
    passwordHash: await hashPassword(password, secureRandom),
    emailVerified: true,
    createdAt: 1,
    updatedAt: 1,
  });
  const sign = async (now: number) => {
    const signed = await signAccessToken(
      await jwtKeys(stage.env),
      { userId: id, sessionGeneration: 1 },
      now,
      secureRandom,
    );
    return `Bearer ${signed.token}`;
  };
  const jwt = await sign(Date.now());
  const outcome = await stage.call(createAuthToken, { authorization: jwt, body: {} });
  const token = outcome.ok ? String(outcome.data['token']) : '';
  return { id, password, jwt, sign, token };
}

describe('which credential opens which route', () => {
  it.each<[RouteAuth, string, string, string]>([
    ['bearer', 'jwt', 'auth-token', 'jwt'],
    ['active-or-banned', 'jwt', 'auth-token', 'jwt'],
    ['jwt', 'jwt', 'INSUFFICIENT_PERMISSIONS', 'INSUFFICIENT_PERMISSIONS'],
    ['auth-token', 'INSUFFICIENT_PERMISSIONS', 'auth-token', 'INSUFFICIENT_PERMISSIONS'],
    ['public', 'jwt', 'auth-token', 'jwt'],
  ])('%s: JWT %s, token %s, password %s', async (auth, ...expected) => {
    const { id, password, jwt, token } = await person();
    const outcomes = [];
    for (const authorization of [jwt, token, basic(id, password)]) {
      const outcome = await stage.call(probe(auth), { authorization });
      outcomes.push(outcome.ok ? outcome.data['caller'] : outcome.error.code);
    }
    expect(outcomes).toEqual(expected);
  });

  it('takes nobody where someone is needed', async () => {
    for (const auth of ['bearer', 'active-or-banned', 'jwt', 'auth-token'] as const) {
      expect(await stage.call(probe(auth))).toMatchObject(failure('MISSING_TOKEN'));
    }
  });

  it('on public routes reads a bad credential as none', async () => {
    const { jwt, sign, id } = await person();
    const expired = await sign(Date.now() - 2 * 86_400_000);
    for (const authorization of ['garbage', 'Bearer a.b.c', expired, basic(id, 'wrong-wrong')]) {
      expect(await stage.call(probe('public'), { authorization })).toMatchObject({
        ok: true,
        data: { caller: null },
      });
    }
    await stage.database.update(schema.users).set({ isBanned: true }).where(eq(schema.users.id, id));
    expect(await stage.call(probe('public'), { authorization: jwt })).toMatchObject({
      ok: true,
      data: { caller: null },
    });
  });
});

describe('credentials that end', () => {
  it('tells an expired JWT from an invalid one', async () => {
    const { sign } = await person();
    const authorization = await sign(Date.now() - 2 * 86_400_000);
    expect(await stage.call(probe('bearer'), { authorization })).toMatchObject(failure('TOKEN_EXPIRED'));
    expect(await stage.call(probe('bearer'), { authorization: `${authorization}x` })).toMatchObject(
      failure('INVALID_TOKEN'),
    );
  });

  it('refuses banned users except where they may', async () => {
    const { id, jwt, token } = await person();
    await stage.database.update(schema.users).set({ isBanned: true }).where(eq(schema.users.id, id));
    for (const authorization of [jwt, token]) {
      expect(await stage.call(probe('bearer'), { authorization })).toMatchObject(failure('ACCOUNT_BANNED'));
      expect(await stage.call(probe('active-or-banned'), { authorization })).toMatchObject({ ok: true });
    }
  });

  it('refuses everything of a deleted user', async () => {
    const { id, jwt, token } = await person();
    await stage.database.delete(schema.users).where(eq(schema.users.id, id));
    for (const authorization of [jwt, token]) {
      expect(await stage.call(probe('bearer'), { authorization })).toMatchObject(failure('INVALID_TOKEN'));
    }
  });
});

describe('passwords over Basic', () => {
  it('count as failed logins, and a success does not', async () => {
    const { id, password } = await person();
    const clientAddress = '203.0.113.200';
    const send = (secret: string) =>
      stage.call(probe('bearer'), { authorization: basic(id, secret), clientAddress });
    const before = stage.counted('login');
    expect(await send(password)).toMatchObject({ ok: true });
    expect(stage.counted('login')).toBe(before);
    expect(await send('wrong-wrong')).toMatchObject(failure('INVALID_CREDENTIALS'));
    expect(stage.counted('login')).toBe(before + 1);
    const history = await stage.database
      .select()
      .from(schema.loginHistory)
      .where(eq(schema.loginHistory.userId, id));
    expect(history).toMatchObject([{ succeeded: false, clientAddress }]);
  });

  it('need a verified address', async () => {
    const { id, password } = await person();
    await stage.database.update(schema.users).set({ emailVerified: false }).where(eq(schema.users.id, id));
    const outcome = await stage.call(probe('bearer'), { authorization: basic(id, password) });
    expect(outcome).toMatchObject(failure('EMAIL_NOT_VERIFIED'));
  });
});

describe('the hot path', () => {
  /** How many reads it takes to know who calls; what is noted for later is no part of the path. */
  async function readsFor(authorization: string): Promise<number> {
    await stage.call(probe('bearer'), { authorization });
    let reads = 0;
    const database = new Proxy(stage.database, {
      get(target, property) {
        if (property === 'select') reads += 1;
        return Reflect.get(target, property, target);
      },
    });
    const writes: Promise<unknown>[] = [];
    const outcome = await authenticate(
      { auth: 'bearer', operationId: 'probe.whoCalls' },
      {
        request: new Request('https://api.example.test/', { headers: { authorization } }),
        env: stage.env,
        database,
        realmId: null,
        clientAddress: '192.0.2.1',
        now: Date.now(),
        waitUntil: (work) => void writes.push(work),
      },
    );
    expect(outcome).toMatchObject({ ok: true });
    expect(writes).toEqual([]);
    return reads;
  }

  it.each(['jwt', 'token'] as const)('reads the database once for a %s', async (kind) => {
    expect(await readsFor((await person())[kind])).toBe(1);
  });

  it('reads it once more for a token that another token minted, however many are above', async () => {
    const { id, token } = await person();
    const { authTokens } = schema;
    const [minted] = await stage.database.select().from(authTokens).where(eq(authTokens.userId, id));
    if (minted === undefined) throw new Error('there is no token');
    const makers = [randomObjectId(), randomObjectId(), randomObjectId()];
    for (const [index, maker] of makers.entries()) {
      await stage.database.insert(authTokens).values({
        ...minted,
        id: maker,
        alias: maker,
        secretHash: maker,
        createdByTokenId: makers[index + 1] ?? null,
      });
    }
    await stage.database
      .update(authTokens)
      .set({ createdByTokenId: makers[0] ?? null })
      .where(eq(authTokens.id, minted.id));
    expect(await readsFor(token)).toBe(2);
  });
});

describe('acting as another user', () => {
  const as = (authorization: string, userId: string) =>
    authenticate(
      { auth: 'bearer', operationId: 'probe.whoCalls' },
      {
        request: new Request('https://api.example.test/', {
          headers: { authorization, 'x-impersonate-user': userId },
        }),
        env: stage.env,
        database: stage.database,
        realmId: null,
        clientAddress: '192.0.2.1',
        now: Date.now(),
        waitUntil: () => undefined,
      },
    );
  async function admin() {
    const who = await person();
    await stage.database.update(schema.users).set({ isAdmin: true }).where(eq(schema.users.id, who.id));
    return who;
  }

  it('is for the session of an admin, who stays known', async () => {
    const [boss, user] = [await admin(), await person()];
    expect(await as(boss.jwt, user.id)).toMatchObject({
      ok: true,
      value: { userId: user.id, isAdmin: false, impersonatedBy: boss.id, grant: null },
    });
  });

  it('is refused to everybody else, and for nobody', async () => {
    const [boss, user] = [await admin(), await person()];
    expect(await as(user.jwt, boss.id)).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
    for (const nobody of ['0'.repeat(24), 'x', '__proto__', '']) {
      expect(await as(boss.jwt, nobody)).toMatchObject(failure('INSUFFICIENT_PERMISSIONS'));
    }
  });

  it('means nothing on an auth token, not even of an admin', async () => {
    const [boss, user] = [await admin(), await person()];
    expect(await as(boss.token, user.id)).toMatchObject({
      ok: true,
      value: { userId: boss.id, impersonatedBy: null },
    });
  });
});

describe('authorize', () => {
  const caller: Principal = {
    kind: 'auth-token',
    userId: 'a'.repeat(24),
    username: 'ann',
    email: 'ann@example.test',
    alias: null,
    isAdmin: true,
    isBanned: false,
    emailVerified: true,
    sessionGeneration: 1,
    viaBasic: false,
    impersonatedBy: null,
    credentialExpiresAt: null,
    grant: {
      tokenId: 'b'.repeat(24),
      alias: 'token',
      permissions: { containers: { actions: { start: true } } },
      realmIds: [],
      allowNoRealm: true,
      vaultAccess: false,
      eventAccess: true,
      ipWhitelist: ['*'],
      createdByTokenId: null,
      delegationDepth: 0,
      expiresAt: null,
    },
  };
  const byPath = {
    permission: ({ operation: verb }: Record<string, string>) =>
      verb === 'start' ? ('containers.actions.start' as const) : ('containers.actions.stop' as const),
  };

  it('names the leaf that a token lacks, an admin user behind it or not', () => {
    expect(authorize(byPath, { operation: 'start' }, caller)).toMatchObject({ ok: true });
    expect(authorize(byPath, { operation: 'stop' }, caller)).toMatchObject({
      ok: false,
      error: {
        code: 'INSUFFICIENT_PERMISSIONS',
        message: expect.stringContaining('containers.actions.stop'),
        data: { required_permission: 'containers.actions.stop' },
      },
    });
  });

  it('does not limit users themselves, nor routes without a leaf', () => {
    expect(
      authorize({ permission: 'admin.users' }, {}, { ...caller, kind: 'jwt', grant: null }),
    ).toMatchObject({ ok: true });
    expect(authorize({}, {}, caller)).toMatchObject({ ok: true });
    expect(authorize({ permission: 'admin.users' }, {}, null)).toMatchObject({ ok: true });
  });
});
