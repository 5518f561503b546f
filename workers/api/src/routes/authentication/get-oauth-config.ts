import { ok } from '@control-plane/contract/errors';
import { authenticationGetOAuthConfig } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { devicePageBase } from '../oauth/device-page-uri.ts';
import { allowedRedirects, launchRedirect, providerConfig } from '../oauth/provider-config.ts';
import { publicOrigin } from '../oauth/public-origin.ts';

/** The ways of signing in that this installation offers. */
export const getOAuthConfig = operation(authenticationGetOAuthConfig, async (_input, { env, request }) => {
  const origin = publicOrigin(env, request);
  const byRedirect = allowedRedirects(env).length > 0;
  const provider = (name: 'github' | 'google') => {
    const enabled = providerConfig(env, name) !== null;
    return {
      enabled,
      ...(enabled && byRedirect ? { authorize_url: `${origin}/api/v1/auth/${name}` } : {}),
    };
  };
  return ok({
    message: 'Sign-in configuration',
    data: {
      password: { enabled: true, signup_enabled: true },
      github: provider('github'),
      google: provider('google'),
      launch: { enabled: launchRedirect(env) !== null },
      device: { enabled: true, verification_uri: devicePageBase(origin) },
    },
  });
});
