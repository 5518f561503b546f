import { ok } from '@control-plane/contract/errors';
import { authenticationGetOAuthConfig } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';

/** The ways of signing in: by password; no other provider is connected. */
export const getOAuthConfig = operation(authenticationGetOAuthConfig, async () =>
  ok({
    message: 'Sign-in configuration',
    data: {
      password: { enabled: true, signup_enabled: true },
      github: { enabled: false },
      google: { enabled: false },
    },
  }),
);
