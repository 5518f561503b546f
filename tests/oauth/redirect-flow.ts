/** The steps of a sign-in by redirect, as browser, application and provider take them. */
import { schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import type { HttpAnswer } from '../../scripts/stack/http-call.ts';
import type { Browser, PageAnswer } from './browser.ts';
import { APP, fragmentOf, pkce, textAt, type World } from './world.ts';

export type ProviderName = 'github' | 'google';

export class RedirectFlow {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Where an application sends a browser to. */
  start(name: ProviderName, challenge: string): string {
    const query = new URLSearchParams({ redirect_uri: APP, code_challenge: challenge });
    return `${this.#world.origin}/api/v1/auth/${name}?${query}`;
  }

  /** From the application's page to the end; an empty account declines. */
  async signIn(
    name: ProviderName,
    account: string,
    challenge: string,
    browser: Browser = this.#world.browser(),
  ): Promise<PageAnswer> {
    const page = await browser.go(this.start(name, challenge), { from: 'https://app.example.test' });
    return this.#world.signInAt(browser, page, account);
  }

  async intentOf(name: ProviderName, account: string, challenge: string): Promise<string> {
    const ended = await this.signIn(name, account, challenge);
    const { intent } = fragmentOf(ended);
    if (intent === undefined) throw new Error(`no intent at ${ended.url.href}: ${ended.text}`);
    return intent;
  }

  authorize(intent: string, challenge: string, redirectUri = APP): Promise<HttpAnswer> {
    const body = { code_challenge: challenge, redirect_uri: redirectUri };
    return this.#world.call('POST', '/auth/authorize', { bearer: intent, body });
  }

  exchange(code: string, verifier: string, redirectUri = APP): Promise<HttpAnswer> {
    const body = { code, code_verifier: verifier, redirect_uri: redirectUri };
    return this.#world.call('POST', '/auth/exchange', { body });
  }

  /** The whole way; the answer holds the tokens. */
  async tokensOf(name: ProviderName, account: string): Promise<HttpAnswer> {
    const { verifier, challenge } = pkce();
    const authorized = await this.authorize(await this.intentOf(name, account, challenge), challenge);
    const answer = await this.exchange(textAt(authorized, 'data', 'code'), verifier);
    if (answer.status !== 200) throw new Error(`the exchange failed: ${answer.text}`);
    return answer;
  }

  async userOf(email: string): Promise<typeof schema.users.$inferSelect> {
    const [user] = await this.#world.database
      .select()
      .from(schema.users)
      .where(eq(schema.users.email, email));
    if (user === undefined) throw new Error(`no account of ${email}`);
    return user;
  }
}
