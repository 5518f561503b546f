import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthorization } from './authorization-header.ts';

const TOKEN = `hdy_${'a'.repeat(24)}_${'b'.repeat(48)}`;
const OTHER = `hdy_${'c'.repeat(24)}_${'d'.repeat(48)}`;
const JWT = 'aaa.bbb.ccc';
const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
const tokenPart = (text: string) => ({ kind: 'auth-token', text, tokenId: text.slice(4, 28) });

describe('parseAuthorization', () => {
  it.each([
    ['no header', null, { kind: 'none' }],
    ['an empty header', '', { kind: 'none' }],
    ['a JWT', `Bearer ${JWT}`, { kind: 'jwt', text: JWT }],
    ['a token with the scheme', `Bearer ${TOKEN}`, tokenPart(TOKEN)],
    ['a token without a scheme', TOKEN, tokenPart(TOKEN)],
    [
      'user and password',
      basic('ann:a:b ü'),
      { kind: 'basic', attempts: [{ kind: 'password', login: 'ann', password: 'a:b ü' }] },
    ],
    ['user and token', basic(`ann:${TOKEN}`), { kind: 'basic', attempts: [tokenPart(TOKEN)] }],
    ['token and password', basic(`${TOKEN}:x`), { kind: 'basic', attempts: [tokenPart(TOKEN)] }],
    ['token and nothing', basic(`${TOKEN}:`), { kind: 'basic', attempts: [tokenPart(TOKEN)] }],
    [
      'two tokens, the one in the user place first',
      basic(`${OTHER}:${TOKEN}`),
      { kind: 'basic', attempts: [tokenPart(OTHER), tokenPart(TOKEN)] },
    ],
  ])('reads %s', (_name, header, expected) => {
    expect(parseAuthorization(header)).toEqual(expected);
  });

  it.each([
    ['a scheme in lower case', `bearer ${JWT}`],
    ['two spaces', `Bearer  ${JWT}`],
    ['a tab', `Bearer\t${JWT}`],
    ['a bare JWT', JWT],
    ['a JWT of two parts', 'Bearer aaa.bbb'],
    ['a trailing space', `Bearer ${JWT} `],
    ['a short token', TOKEN.slice(0, -1)],
    ['a long token', `${TOKEN}0`],
    ['a token in upper case', `hdy_${'A'.repeat(24)}_${'b'.repeat(48)}`],
    ['an unknown scheme', 'Digest abc'],
    ['Basic without base64', 'Basic %%%'],
    ['Basic without a colon', basic('ann')],
    ['Basic without a user', basic(':secret')],
    ['Basic without a password', basic('ann:')],
    ['Basic that is no UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`],
    ['a header beyond the bound', `Bearer ${'a'.repeat(5000)}.b.c`],
  ])('refuses %s', (_name, header) => {
    expect(parseAuthorization(header)).toEqual({ kind: 'malformed' });
  });

  it('never throws, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(basic),
          fc.string().map((t) => `Bearer ${t}`),
        ),
        (header) => {
          expect(['none', 'malformed', 'jwt', 'auth-token', 'basic']).toContain(
            parseAuthorization(header).kind,
          );
        },
      ),
    );
  });
});
