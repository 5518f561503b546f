/**
 * Environment variables of a container: which keys and values may be set.
 *
 * A variable reaches every process of the machine, init included, so those that redirect the dynamic
 * linker, libc's files or a shell's start-up, or that the platform sets itself, are refused.
 */
import * as z from 'zod';
import { lazy } from '../lazy.ts';

export const ENVIRONMENT_KEYS_MAX = 256;
export const ENVIRONMENT_KEY_LENGTH_MAX = 256;
/** Bound of a key that comes with a container's create or update. */
export const ENVIRONMENT_KEY_LENGTH_MAX_AT_CREATE = 128;
export const ENVIRONMENT_VALUE_LENGTH_MAX = 32_768;

const REFUSED_PREFIXES = ['HOODY_', 'LD_', 'MALLOC_', 'GLIBC_', 'DYLD_'] as const;
const REFUSED_KEYS: ReadonlySet<string> = new Set([
  // Where temporary files go
  'TMPDIR',
  'TMP',
  'TEMP',
  // Files and modules that libc loads
  'GCONV_PATH',
  'GETCONF_DIR',
  'HOSTALIASES',
  'LOCALDOMAIN',
  'LOCPATH',
  'NIS_PATH',
  'NLSPATH',
  'RES_OPTIONS',
  'RESOLV_HOST_CONF',
  'RESOLV_ADD_TRIM_DOMAINS',
  'RESOLV_MULTI',
  'RESOLV_OVERRIDE_TRIM_DOMAINS',
  'RESOLV_SPOOF_CHECK',
  'TZDIR',
  // What a shell runs or how it splits words
  'BASH_ENV',
  'ENV',
  'IFS',
  'SHELLOPTS',
  'BASHOPTS',
  'PS4',
  'PROMPT_COMMAND',
  // No object of JavaScript can hold it as a member like any other
  '__proto__',
]);
const PROXY_KEYS: ReadonlySet<string> = new Set([
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'RSYNC_PROXY',
  'SOCKS_PROXY',
]);

/** True when no container may carry a variable of this name. Proxy variables: in any case of letters. */
export function isRefusedEnvironmentKey(key: string): boolean {
  return (
    REFUSED_KEYS.has(key) ||
    PROXY_KEYS.has(key.toUpperCase()) ||
    REFUSED_PREFIXES.some((prefix) => key.startsWith(prefix))
  );
}

function environmentKey(lengthMax: number) {
  return z
    .string()
    .max(lengthMax, `a variable's name may have at most ${lengthMax} characters`)
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "a variable's name is made of letters, digits and _, no digit first")
    .refine((key) => !isRefusedEnvironmentKey(key), {
      error: ({ input }) => `${String(input)} is reserved and can't be set`,
    });
}

/** Name of one variable, as it stands in a path. */
export const EnvironmentKey = lazy(() => environmentKey(ENVIRONMENT_KEY_LENGTH_MAX));

/** Value of one variable; may be empty. */
export const EnvironmentValue = lazy(() =>
  z
    .string()
    .max(ENVIRONMENT_VALUE_LENGTH_MAX, `a value may have at most ${ENVIRONMENT_VALUE_LENGTH_MAX} characters`)
    .refine((value) => !/[\n\r\0]/.test(value), { error: 'a value may hold no line feed, CR or NUL' }),
);

function environment(keyLengthMax: number) {
  return z
    .record(environmentKey(keyLengthMax), EnvironmentValue())
    .refine((variables) => Object.keys(variables).length <= ENVIRONMENT_KEYS_MAX, {
      error: `at most ${ENVIRONMENT_KEYS_MAX} variables`,
    })
    .meta({ maxProperties: ENVIRONMENT_KEYS_MAX });
}

/** Variables that come with a container's create or update. */
export const EnvironmentAtCreate = lazy(() => environment(ENVIRONMENT_KEY_LENGTH_MAX_AT_CREATE));

/** Variables to be merged into a container's own. */
export const EnvBulkSetBody = lazy(() => environment(ENVIRONMENT_KEY_LENGTH_MAX));

export const EnvSetBody = lazy(() => z.strictObject({ value: EnvironmentValue() }));

/** Variables as answered. */
export const EnvironmentVariables = lazy(() => z.record(z.string(), z.string()));

export const EnvListData = lazy(() => z.object({ environment_vars: EnvironmentVariables() }));

/** `synced: false`: nothing was written to the live machine, the change counts from its next start. */
export const EnvResult = lazy(() =>
  z.object({ environment_vars: EnvironmentVariables(), synced: z.boolean() }),
);
