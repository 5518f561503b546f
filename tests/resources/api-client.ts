/** Calls a running stack as one caller, on the base host or within a realm. */
import { httpCall, type HttpAnswer } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';

export interface Call {
  readonly body?: unknown;
  readonly realmId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiClient {
  call(method: string, path: string, more?: Call): Promise<HttpAnswer>;
}

/** A caller with a bearer token; null: nobody. Paths are relative to `/api/v1`. */
export function clientOf(stack: Stack, token: string | null): ApiClient {
  return {
    call: (method, path, { body, realmId, headers = {} } = {}) =>
      httpCall(stack.port, {
        method,
        path: `/api/v1${path}`,
        host: realmId === undefined ? stack.apiDomain : `${realmId}.${stack.apiDomain}`,
        headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { body }),
      }),
  };
}

/** The value at a path of keys in an answer's JSON; undefined where there is none. */
export function at(answer: HttpAnswer, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    answer.json,
  );
}

/** The text at a path of keys in an answer's JSON; throws with the whole answer when it is none. */
export function textAt(answer: HttpAnswer, ...path: readonly (string | number)[]): string {
  const value = at(answer, ...path);
  if (typeof value !== 'string')
    throw new Error(`no text at ${path.join('.')} of ${answer.status} ${answer.text}`);
  return value;
}

/** A JWT of one of the seeded ordinary users. */
export async function logIn(stack: Stack, user: { email: string; password: string }): Promise<string> {
  const body = { email: user.email, password: user.password };
  return textAt(await clientOf(stack, null).call('POST', '/users/auth/login', { body }), 'data', 'token');
}
