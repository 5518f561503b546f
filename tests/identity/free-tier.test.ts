/** What comes with an account: project, and behind the gate a free server with a container on it. */
import { hashSecret } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eq } from 'drizzle-orm';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import { at, failed, openIdentityStage, textAt, type IdentityStage } from './identity-stage.ts';

let stage: IdentityStage;
let host: ScriptedHost | undefined;
beforeAll(async () => {
  stage = await openIdentityStage({
    apiVariables: { FREE_TIER_SERVERS: 'node-local', FREE_TIER_INVITE_ONLY: 'true' },
  });
  host = await connectScriptedHost(stage.stack);
}, 90_000);
afterAll(async () => {
  await host?.disconnect();
  await stage?.release();
});

let codes = 0;
async function newCode(usesMax = 1, expiresAt: number | null = null): Promise<string> {
  codes += 1;
  const code = `INVITE-${codes}`;
  await stage.database
    .insert(schema.inviteCodes)
    .values({ codeHash: hashSecret(code), usesMax, expiresAt, createdAt: Date.now() });
  return code;
}
const status = (authorization: string) => stage.call('GET', '/users/me/free-tier-status', { authorization });
const redeem = (authorization: string, code: string) =>
  stage.call('POST', '/users/me/redeem-invite', { authorization, body: { code } });
const retry = (authorization: string, body?: object) =>
  stage.call('POST', '/users/me/retry-setup', { authorization, ...(body === undefined ? {} : { body }) });
const containersOf = async (authorization: string) =>
  at(await stage.call('GET', '/containers/', { authorization }), 'data', 'containers') as {
    id: string;
    is_default: boolean;
  }[];

describe('behind the gate', () => {
  it('an account has its project, and is told what it needs for more', async () => {
    const { bearer } = await stage.newPerson();
    expect((await status(bearer)).json).toMatchObject({
      data: {
        gate_enabled: true,
        unlocked: false,
        has_free_server: false,
        can_claim: false,
        claim_blocked_reason: 'invite_required',
        signup_code_failed: false,
      },
    });
    expect(await retry(bearer)).toMatchObject(failed(403, 'FREE_TIER_INVITE_REQUIRED'));
    expect(await redeem(bearer, 'no such code')).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await redeem(bearer, await newCode(1, 1))).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await containersOf(bearer)).toEqual([]);
    const projects = await stage.call('GET', '/projects/', { authorization: bearer });
    expect(at(projects, 'data', 'projects')).toMatchObject([{ alias: 'default', is_default: true }]);
  });

  it('a code opens it once: server, project and one default container', async () => {
    const [ann, bob] = [await stage.newPerson(), await stage.newPerson()];
    const code = await newCode();
    const redeemed = await redeem(ann.bearer, ` ${code.toLowerCase()} `);
    expect(redeemed).toMatchObject({
      status: 200,
      json: {
        data: {
          unlocked: true,
          required: true,
          claim_blocked_reason: 'none',
          server: { name: 'node-local' },
          project: { alias: 'default' },
          container: { name: 'default' },
        },
      },
    });
    expect(await redeem(bob.bearer, code)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect((await status(ann.bearer)).json).toMatchObject({
      data: {
        unlocked: true,
        has_free_server: true,
        can_claim: false,
        claim_blocked_reason: 'already_claimed',
      },
    });
    expect((await stage.call('GET', '/users/me', { authorization: ann.bearer })).json).toMatchObject({
      data: { free_tier_unlocked: true, free_tier_unlock_source: 'invite_code' },
    });
    // Whoever has the free tier uses no code up.
    const spare = await newCode();
    expect(await redeem(ann.bearer, spare)).toMatchObject({ status: 200 });
    expect(await redeem(bob.bearer, spare)).toMatchObject({ status: 200 });
  });

  it('a code with one use left opens it for one of many who come at once', async () => {
    const people = [await stage.newPerson(), await stage.newPerson(), await stage.newPerson()];
    const code = await newCode();
    const answers = await Promise.all(people.map(({ bearer }) => redeem(bearer, code)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 400, 400]);
  });

  it('a code sent at signup is redeemed behind the first login, and a bad one is told', async () => {
    const lucky = await stage.newPerson({ invite_code: await newCode() });
    await expect.poll(async () => (await containersOf(lucky.bearer)).length).toBe(1);
    expect((await status(lucky.bearer)).json).toMatchObject({
      data: { has_free_server: true, signup_code_failed: false },
    });
    const unlucky = await stage.newPerson({ invite_code: 'nonsense' });
    await expect.poll(async () => at(await status(unlucky.bearer), 'data', 'signup_code_failed')).toBe(true);
  });
});

describe('retry-setup', () => {
  it('makes what is missing, joins what is under way, and is asked once a minute', async () => {
    const person = await stage.newPerson();
    await redeem(person.bearer, await newCode());
    const [first] = await containersOf(person.bearer);
    expect(first).toMatchObject({ is_default: true });
    const again = await retry(person.bearer);
    expect(again).toMatchObject({
      status: 200,
      json: { data: { container: { id: first?.id }, blocked_reason: null } },
    });
    expect(await containersOf(person.bearer)).toHaveLength(1);
    const limited = await retry(person.bearer);
    expect(limited).toMatchObject(failed(429, 'RATE_LIMIT_EXCEEDED'));
    expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await retry(person.bearer, { region: 'atlantis' })).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('gives a new default container for one that was deleted', async () => {
    const person = await stage.newPerson();
    await redeem(person.bearer, await newCode());
    const [first] = await containersOf(person.bearer);
    await expect
      .poll(async () =>
        at(
          await stage.call('DELETE', `/containers/${first?.id}`, { authorization: person.bearer }),
          'statusCode',
        ),
      )
      .toBe(200);
    const again = await retry(person.bearer);
    expect(textAt(again, 'data', 'container', 'id')).not.toBe(first?.id);
    expect(await containersOf(person.bearer)).toHaveLength(1);
  });

  it('tells of a pool without room, and claims when there is room again', async () => {
    const person = await stage.newPerson();
    const room = (maxContainers: number | null) =>
      stage.database
        .update(schema.servers)
        .set({ maxContainers })
        .where(eq(schema.servers.name, 'node-local'));
    await room(1);
    const full = await redeem(person.bearer, await newCode());
    await room(null);
    expect(full).toMatchObject({
      status: 200,
      json: { data: { unlocked: true, claim_blocked_reason: 'pool_empty', server: null, container: null } },
    });
    expect((await status(person.bearer)).json).toMatchObject({
      data: { can_claim: true, claim_blocked_reason: 'none' },
    });
    expect(await retry(person.bearer)).toMatchObject({
      status: 200,
      json: { data: { server: { name: 'node-local' }, container: { name: 'default' } } },
    });
  });
});
