import { fail, ok } from '@control-plane/contract/errors';
import { authenticationLogin } from '@control-plane/contract/routes';
import type { LoginName } from '@control-plane/database';
import { checkPassword } from '../../middleware/authenticate-password.ts';
import { operation } from '../../operation.ts';
import { openSession, refuseIntent } from './session.ts';

function loginName(body: { email?: string | undefined; username?: string | undefined }): LoginName | null {
  if (body.email !== undefined) return { email: body.email };
  return body.username === undefined ? null : { username: body.username };
}

/** Logs in by e-mail address or username and password. */
export const login = operation(authenticationLogin, async ({ body }, context) => {
  const intent = refuseIntent(body.response_mode);
  if (!intent.ok) return intent;
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
  const session = await openSession(context, user.value, now);
  return session.ok ? ok({ message: 'Logged in', data: session.value }) : session;
});
