import { describe, expect, it } from 'vitest';
import { EnvBulkSetBody, EnvSetBody, EnvironmentAtCreate, EnvironmentKey } from './environment.ts';

const accepts = (key: string): boolean => EnvironmentKey().safeParse(key).success;

describe('environment variables', () => {
  it.each(['PATH', 'HOME', '_', 'a1', 'APP_LD_PATH', 'MY_HOODY_ID', 'ENVIRONMENT', 'tmpdir', 'LANG'])(
    'takes %s',
    (key) => {
      expect(accepts(key)).toBe(true);
    },
  );

  it.each([
    'HOODY_TOKEN',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'TMPDIR',
    'TMP',
    'TEMP',
    'http_proxy',
    'HTTP_PROXY',
    'Https_Proxy',
    'no_proxy',
    'ALL_PROXY',
    'GCONV_PATH',
    'RESOLV_HOST_CONF',
    'LOCPATH',
    'NLSPATH',
    'MALLOC_TRACE',
    'BASH_ENV',
    'ENV',
    'IFS',
  ])('refuses %s by name', (key) => {
    const parsed = EnvironmentKey().safeParse(key);
    expect(parsed.error?.issues[0]?.message).toBe(`${key} is reserved and can't be set`);
  });

  it.each(['', '1A', 'A-B', 'A B', 'A=B', 'Ä', 'A\n'])('refuses the malformed name %j', (key) => {
    expect(accepts(key)).toBe(false);
  });

  it('bounds names: 256 characters in a path, 128 at create', () => {
    expect(accepts('A'.repeat(256))).toBe(true);
    expect(accepts('A'.repeat(257))).toBe(false);
    expect(EnvironmentAtCreate().safeParse({ ['A'.repeat(128)]: '' }).success).toBe(true);
    expect(EnvironmentAtCreate().safeParse({ ['A'.repeat(129)]: '' }).success).toBe(false);
  });

  it('bounds values to 32768 characters, empty allowed, and refuses line feed, CR and NUL', () => {
    const accepted = (value: unknown): boolean => EnvSetBody().safeParse({ value }).success;
    expect(accepted('')).toBe(true);
    expect(accepted('x'.repeat(32_768))).toBe(true);
    expect(accepted('x'.repeat(32_769))).toBe(false);
    for (const value of ['a\nb', 'a\rb', 'a\0b', 1, null, undefined]) expect(accepted(value)).toBe(false);
  });

  it('bounds the number of variables to 256', () => {
    const variables = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`KEY_${index}`, 'x']));
    expect(EnvBulkSetBody().safeParse(variables(256)).success).toBe(true);
    expect(EnvBulkSetBody().safeParse(variables(257)).success).toBe(false);
  });
});
