import { checkPassword } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract/errors';
import { authenticationLogin } from '@control-plane/contract/routes';
import type { LoginName } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { goalOf, signIn } from './sign-in.ts';

/** The name that a body gives, by e-mail address first; null: none. */
export function loginName(body: {
  email?: string | undefined;
  username?: string | undefined;
}): LoginName | null {
  if (body.email !== undefined) return { email: body.email };
  return body.username === undefined ? null : { username: body.username };
}

/** Logs in by e-mail address or username and password. */
export const login = operation(authenticationLogin, async ({ body }, context) => {
  const name = loginName(body);
  if (name === null) return fail('VALIDATION_ERROR', 'username or email is required');
  const { env, database, clientAddress, waitUntil } = context;
  const now = Date.now();
  const user = await checkPassword({
    env,
    database,
    name,
    password: body.password,
    clientAddress,
    userAgent: context.request.headers.get('user-agent'),
    now,
    waitUntil,
  });
  if (!user.ok) return user;
  const signedIn = await signIn(context, user.value, goalOf(body), now);
  return signedIn.ok ? ok({ message: 'Logged in', data: signedIn.value }) : signedIn;
});
