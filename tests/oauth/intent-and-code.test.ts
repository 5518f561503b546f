/** From an intent over a code to tokens, and what attackers try on the way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedirectFlow } from './redirect-flow.ts';
import { failed, OTHER_APP, pkce, startWorld, textAt, type World } from './world.ts';

let world: World;
let flow: RedirectFlow;
beforeAll(async () => {
  world = await startWorld();
  flow = new RedirectFlow(world);
}, 90_000);
afterAll(() => world?.release());

describe('intent and code', () => {
  async function intent() {
    const account = world.newAccount();
    const pair = pkce();
    return { ...pair, account, intent: await flow.intentOf('google', account.id, pair.challenge) };
  }

  it('gives a code for the challenge that the sign-in began with, and for no other', async () => {
    const { intent: token, challenge } = await intent();
    expect(await flow.authorize(token, pkce().challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    expect(await flow.authorize(token, challenge, 'https://evil.test/')).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
    const answer = await flow.authorize(token, challenge, OTHER_APP);
    const code = textAt(answer, 'data', 'code');
    expect(textAt(answer, 'data', 'redirect_url')).toBe(`${OTHER_APP}&code=${code}`);
    // Used up.
    expect(await flow.authorize(token, challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
  });

  it('exchanges a code once, with its verifier and its redirect URI; an attempt uses it up', async () => {
    const wrongs: ((code: string, verifier: string) => Promise<unknown>)[] = [
      (code) => flow.exchange(code, pkce().verifier),
      (code, verifier) => flow.exchange(code, verifier, OTHER_APP),
      async (code, verifier) => {
        expect((await flow.exchange(code, verifier)).status).toBe(200);
        return flow.exchange(code, verifier);
      },
    ];
    for (const wrong of wrongs) {
      const { intent: token, challenge, verifier } = await intent();
      const code = textAt(await flow.authorize(token, challenge), 'data', 'code');
      expect(await wrong(code, verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
      expect(await flow.exchange(code, verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    }
  });

  it('lets one of many simultaneous exchanges win', async () => {
    const { intent: token, challenge, verifier } = await intent();
    const code = textAt(await flow.authorize(token, challenge), 'data', 'code');
    const answers = await Promise.all(Array.from({ length: 8 }, () => flow.exchange(code, verifier)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('does not take the challenge in the place of the verifier ("plain")', async () => {
    const { intent: token, challenge } = await intent();
    const code = textAt(await flow.authorize(token, challenge), 'data', 'code');
    expect(await flow.exchange(code, challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('dies with logout-all, be it an intent or a code', async () => {
    const one = await intent();
    const { account } = one;
    const pair = pkce();
    const second = await flow.intentOf('google', account.id, pair.challenge);
    const code = textAt(await flow.authorize(second, pair.challenge), 'data', 'code');
    const bearer = textAt(await flow.tokensOf('google', account.id), 'data', 'token');
    expect((await world.call('POST', '/users/auth/logout', { bearer })).status).toBe(200);
    expect(await flow.authorize(one.intent, one.challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await flow.exchange(code, pair.verifier)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
  });

  it('is no credential for anything else', async () => {
    const { intent: token } = await intent();
    expect(await world.call('GET', '/users/auth/me', { bearer: token })).toMatchObject(
      failed(401, 'INVALID_TOKEN'),
    );
  });

  it('can be cancelled, as often as one likes', async () => {
    const { intent: token, challenge } = await intent();
    const cancel = (bearer?: string) =>
      world.call('POST', '/auth/intent/cancel', bearer === undefined ? {} : { bearer });
    expect((await cancel(token)).status).toBe(200);
    expect((await cancel(token)).status).toBe(200);
    expect(await flow.authorize(token, challenge)).toMatchObject(failed(401, 'INVALID_TOKEN'));
    expect(await cancel()).toMatchObject(failed(401, 'MISSING_TOKEN'));
    expect(await cancel('a.b.c')).toMatchObject(failed(401, 'INVALID_TOKEN'));
  });

  it('comes of a password as well, when the client asks for it', async () => {
    const { username, password } = world.stack.bootstrap.users[0] ?? { username: '', password: '' };
    const { challenge, verifier } = pkce();
    const login = await world.call('POST', '/users/auth/login', {
      body: { username, password, response_mode: 'intent', code_challenge: challenge },
    });
    expect(login).toMatchObject({ status: 200, json: { data: { user: { username } } } });
    expect(login.text).not.toContain('refreshToken');
    const token = textAt(login, 'data', 'auth_intent_token');
    expect(await flow.authorize(token, pkce().challenge)).toMatchObject(failed(400, 'VALIDATION_ERROR'));
    const code = textAt(await flow.authorize(token, challenge), 'data', 'code');
    expect(await flow.exchange(code, verifier)).toMatchObject({
      status: 200,
      json: { data: { user: { username } } },
    });
  });
});
