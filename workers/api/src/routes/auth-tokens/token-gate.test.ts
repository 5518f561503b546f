import { randomObjectId, jwtKeys } from '@control-plane/serving';
import { secureRandom, signAccessToken } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Call, type Stage } from '../authentication/test-context.ts';
import { addTokenRealm, removeTokenRealm } from './change-token-realms.ts';
import { copyAuthToken } from './copy-auth-token.ts';
import { createAuthToken } from './create-auth-token.ts';
import { updateAuthToken } from './update-auth-token.ts';

const REALM = 'a1'.repeat(12);

let stage: Stage;
let userId: string;
let jwt: string;
let maker: string;
let target: string;
beforeAll(async () => {
  stage = await openStage();
  userId = randomObjectId();
  await stage.database.insert(schema.users).values({
    id: userId,
    email: `${userId}@example.test`,
    username: userId,
    passwordHash: 'unusable',
    emailVerified: true,
    createdAt: 1,
    updatedAt: 1,
  });
  const subject = { userId, sessionGeneration: 1 };
  jwt = `Bearer ${(await signAccessToken(await jwtKeys(stage.env), subject, Date.now(), secureRandom)).token}`;
  const permissions = { resources: { create_tokens: true } };
  maker = String(await made(jwt, 'token', { permissions }));
  target = String(await made(maker, 'id', { realm_ids: [REALM] }));
  await stage.database
    .insert(schema.twoFactor)
    .values({ userId, sealedSecret: 'unreadable', verifiedAt: 1, requireForTokens: true, createdAt: 1 });
});
afterAll(() => stage.dispose());

async function made(authorization: string, field: string, body: object): Promise<unknown> {
  const outcome = await stage.call(createAuthToken, { authorization, body });
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.data[field];
}

const MUTATIONS = [
  ['create', createAuthToken, {}],
  ['update', updateAuthToken, { event_access: false }],
  ['copy', copyAuthToken, {}],
  ['add-realm', addTokenRealm, { realm_id: 'b2'.repeat(12) }],
  ['remove-realm', removeTokenRealm, { realm_id: REALM }],
] as const;

describe('with a second factor in force', () => {
  const call = (
    operation: (typeof MUTATIONS)[number][1],
    authorization: string,
    body: object,
  ): Promise<unknown> => {
    const input: Call = { authorization, params: { id: target }, body };
    return stage.call(operation, input);
  };
  const tokens = () => stage.database.select().from(schema.authTokens);

  it.each(MUTATIONS)(
    '%s by a session needs a code, and without one changes nothing',
    async (_, operation, body) => {
      const before = await tokens();
      for (const otp of [{}, { otp_code: null }, { otp_code: '' }]) {
        expect(await call(operation, jwt, { ...body, ...otp })).toMatchObject({
          ok: false,
          error: { code: 'OTP_REQUIRED' },
        });
      }
      expect(await tokens()).toEqual(before);
    },
  );

  it.each(MUTATIONS.slice(0, 3))('%s by a token is not asked for one', async (_, operation, body) => {
    expect(
      await call(operation, maker, { ...body, ...(operation === copyAuthToken && { alias: 'c' }) }),
    ).toMatchObject({
      ok: true,
    });
  });

  it.each(MUTATIONS)('%s by a session goes through once the gate is off', async (_, operation, body) => {
    await stage.database
      .update(schema.twoFactor)
      .set({ requireForTokens: false })
      .where(eq(schema.twoFactor.userId, userId));
    expect(await call(operation, jwt, body)).toMatchObject({ ok: true });
  });
});
