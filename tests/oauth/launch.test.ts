/** Launches: a sign-in in the system browser for an application that is no page. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failed, fragmentOf, LAUNCH_PAGE, pkce, startWorld, textAt, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 90_000);
afterAll(() => world?.release());

async function launch(challenge: string, stateId: string): Promise<string> {
  const answer = await world.call('POST', '/auth/launch/initiate', {
    body: { provider: 'google', code_challenge: challenge, state_id: stateId, client: 'cli' },
  });
  expect(answer).toMatchObject({ status: 200 });
  return textAt(answer, 'data', 'launch_url');
}

describe('a launch', () => {
  it('ends at the configured page with an intent for the application and its own name', async () => {
    const account = world.newAccount();
    const { verifier, challenge } = pkce();
    const stateId = randomUUID();
    const browser = world.browser();
    const page = await browser.go(await launch(challenge, stateId));
    const ended = await world.signInAt(browser, page, account.id);
    expect(ended.url.href.startsWith(`${LAUNCH_PAGE}#`)).toBe(true);
    const { intent, state_id: returned } = fragmentOf(ended);
    expect(returned).toBe(stateId);
    const body = { code_challenge: challenge, redirect_uri: LAUNCH_PAGE };
    const authorized = await world.call('POST', '/auth/authorize', { bearer: intent ?? '', body });
    const exchanged = await world.call('POST', '/auth/exchange', {
      body: { code: textAt(authorized, 'data', 'code'), code_verifier: verifier, redirect_uri: LAUNCH_PAGE },
    });
    expect(exchanged).toMatchObject({ status: 200, json: { data: { user: { email: account.email } } } });
  });

  it('starts once', async () => {
    const url = await launch(pkce().challenge, randomUUID());
    expect((await world.browser().once(url)).status).toBe(302);
    expect((await world.browser().once(url)).status).toBe(400);
  });

  it.each([
    { provider: 'gitlab' },
    { state_id: 'not a uuid' },
    { code_challenge: 'short' },
    { redirect_uri: 'https://evil.test' },
  ])('is refused with %j', async (change) => {
    const body = { provider: 'github', code_challenge: pkce().challenge, state_id: randomUUID(), ...change };
    expect(await world.call('POST', '/auth/launch/initiate', { body })).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
  });

  it.each(['', 'x', '0'.repeat(64)])('does not start with the ticket "%s"', async (ticket) => {
    expect(await world.call('GET', `/auth/launch/start?ticket=${ticket}`)).toMatchObject(
      failed(400, 'VALIDATION_ERROR'),
    );
  });
});
