/** A whole stack without a host, and people on it who sign up, log in and carry authenticator apps. */
import { readFileSync } from 'node:fs';
import { totpCodeAt } from '@control-plane/auth';
import { openDatabase, schema, type Database } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import type { Stack, StackOptions } from '../../scripts/stack/stack.ts';
import { eventually } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

const ADDRESS_HEADER = 'x-test-client-address';
const TOTP_STEP_MS = 30_000;

export interface Call {
  readonly body?: unknown;
  readonly authorization?: string;
  readonly realm?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly password: string;
  readonly bearer: string;
}

/** Someone with a second factor in force; `code` gives one that was not used yet. */
export interface Guarded extends Person {
  readonly secret: string;
  readonly backupCodes: readonly string[];
  readonly code: () => Promise<string>;
}

/** What lies at a path of an answer's JSON. */
export function at(answer: HttpAnswer, ...path: readonly (string | number)[]): unknown {
  let value = answer.json;
  for (const key of path) value = Reflect.get(Object(value), key);
  return value;
}

/** The text at a path of an answer's JSON. */
export function textAt(answer: HttpAnswer, ...path: readonly (string | number)[]): string {
  const value = at(answer, ...path);
  if (typeof value !== 'string') throw new Error(`no ${path.join('.')} in ${answer.text}`);
  return value;
}

/** What an error answer must match. */
export const failed = (status: number, code: string) => ({ status, json: { statusCode: status, code } });

export class IdentityStage {
  readonly stack: Stack;
  readonly database: Database;
  readonly release: () => Promise<void>;
  #drawn = 0;

  constructor(stack: Stack, release: () => Promise<void>) {
    this.stack = stack;
    this.release = release;
    this.database = openDatabase(stack.databaseUrl, stack.databaseToken);
  }

  /** One call from an address that no limiter has counted yet, unless one is given. */
  call(method: string, path: string, given: Call = {}): Promise<HttpAnswer> {
    const { body, authorization, realm, address = this.freshAddress(), headers = {} } = given;
    const { apiDomain, port } = this.stack;
    return httpCall(port, {
      method,
      path: `/api/v1${path}`,
      host: realm === undefined ? apiDomain : `${realm}.${apiDomain}`,
      headers: {
        [ADDRESS_HEADER]: address,
        ...(authorization === undefined ? {} : { authorization }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  freshAddress(): string {
    this.#drawn += 1;
    return `198.51.${100 + Math.floor(this.#drawn / 250)}.${1 + (this.#drawn % 250)}`;
  }

  /** Tokens that were mailed to an address, oldest first. */
  mailedTokens(email: string, kind: string): string[] {
    const lines = readFileSync(this.stack.bootstrap.mail_outbox, 'utf8').split('\n');
    const mails = lines
      .filter((line) => line !== '')
      .map((line): { to: string; kind: string; token: string } => JSON.parse(line));
    return mails.filter((mail) => mail.to === email && mail.kind === kind).map(({ token }) => token);
  }

  mailedToken(email: string, kind: string): Promise<string> {
    return eventually(`a ${kind} mail to ${email}`, async () => this.mailedTokens(email, kind).at(-1));
  }

  /** Someone new, signed up and verified; `more` goes into the signup. */
  async newPerson(more: object = {}): Promise<Person> {
    this.#drawn += 1;
    const email = `person-${this.#drawn}@example.test`;
    const password = `Long password ${this.#drawn}`;
    await this.call('POST', '/auth/signup', { body: { email, password, ...more } });
    const token = await this.mailedToken(email, 'verify_email');
    const session = await this.call('POST', '/auth/verify-email', { body: { token } });
    if (session.status !== 200) throw new Error(`no session: ${session.text}`);
    return {
      id: textAt(session, 'data', 'user', 'id'),
      username: textAt(session, 'data', 'user', 'username'),
      email,
      password,
      bearer: `Bearer ${textAt(session, 'data', 'token')}`,
    };
  }

  login({ email, password }: Pick<Person, 'email' | 'password'>, more: object = {}): Promise<HttpAnswer> {
    return this.call('POST', '/users/auth/login', { body: { email, password, ...more } });
  }

  async bearerOf(person: Pick<Person, 'email' | 'password'>): Promise<string> {
    return `Bearer ${textAt(await this.login(person), 'data', 'token')}`;
  }

  /** The temp token of a login that asks for the second factor. */
  async tempToken(person: Pick<Person, 'email' | 'password'>, more: object = {}): Promise<string> {
    return textAt(await this.login(person, more), 'data', 'temp_token');
  }

  verify(tempToken: string, code: string, more: object = {}, given: Call = {}): Promise<HttpAnswer> {
    return this.call('POST', '/users/auth/2fa/verify', {
      body: { temp_token: tempToken, code, ...more },
      ...given,
    });
  }

  /** As if time had passed: the codes of now are unused again. */
  async forgetUsedCodes(userId: string): Promise<void> {
    await this.database
      .update(schema.twoFactor)
      .set({ lastUsedStep: null })
      .where(eq(schema.twoFactor.userId, userId));
  }

  /** Someone new with a second factor in force, and the session that goes on. */
  async newGuarded(): Promise<Guarded> {
    const person = await this.newPerson();
    const { bearer: authorization, password } = person;
    const setup = await this.call('POST', '/users/auth/2fa/setup', { authorization, body: { password } });
    const secret = textAt(setup, 'data', 'manual_entry_key');
    const confirmed = await this.call('POST', '/users/auth/2fa/verify-setup', {
      authorization,
      body: { code: totpCodeAt(secret, Date.now()) },
    });
    return {
      ...person,
      secret,
      bearer: `Bearer ${textAt(confirmed, 'data', 'token')}`,
      backupCodes: Array.from({ length: 10 }, (_, index) => textAt(setup, 'data', 'backup_codes', index)),
      code: async () => {
        await this.forgetUsedCodes(person.id);
        return totpCodeAt(secret, Date.now());
      },
    };
  }
}

/** A code that is none of those of now and around it. */
export function wrongCodeOf(secret: string): string {
  const near = [-2, -1, 0, 1, 2].map((steps) => totpCodeAt(secret, Date.now() + steps * TOTP_STEP_MS));
  const wrong = ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (code) => !near.includes(code),
  );
  if (wrong === undefined) throw new Error('six codes in a row were right');
  return wrong;
}

/** Starts a stage of its own. */
export async function openIdentityStage(options: Omit<StackOptions, 'dataDir'> = {}): Promise<IdentityStage> {
  const { stack, release } = await temporaryStack({
    withDaemon: false,
    clientAddressHeader: ADDRESS_HEADER,
    ...options,
  });
  return new IdentityStage(stack, release);
}
