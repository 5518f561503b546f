import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedRedirect, parseRedirectUris } from './redirect-uri.ts';

const APP = 'https://app.example.test/callback';

describe('redirect URIs', () => {
  it('are read from a configuration', () => {
    expect(parseRedirectUris(` ${APP},https://b.example.test\n`)).toEqual([APP, 'https://b.example.test']);
    expect(parseRedirectUris(' ')).toEqual([]);
  });

  it('are allowed letter by letter', () => {
    expect(isAllowedRedirect(APP, [APP])).toBe(true);
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.nat(APP.length), (added, at) => {
        const changed = APP.slice(0, at) + added + APP.slice(at);
        expect(isAllowedRedirect(changed, [APP])).toBe(changed === APP);
      }),
    );
  });

  it.each([
    'http://app.example.test/',
    'javascript:alert(1)',
    'https://user:password@app.example.test/',
    'https://app.example.test/#fragment',
    'https://app.example.test/#',
    'not a url',
    `https://app.example.test/${'x'.repeat(2048)}`,
  ])('are refused even where a configuration lists them: %s', (uri) => {
    expect(isAllowedRedirect(uri, [uri])).toBe(false);
  });
});
