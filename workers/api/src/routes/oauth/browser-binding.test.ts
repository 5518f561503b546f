import { describe, expect, it } from 'vitest';
import {
  deviceCookie,
  deviceSecret,
  requireSameOrigin,
  stateCookie,
  stateSecret,
} from './browser-binding.ts';

const ORIGIN = 'https://api.example.test';
const SECRET = 'ab'.repeat(32);
const request = (headers: Record<string, string>): Request => new Request(ORIGIN, { headers });

describe('the cookies', () => {
  it('are for this host alone, over TLS alone, and unseen by scripts', () => {
    for (const cookie of [stateCookie(SECRET, 60_000), deviceCookie(SECRET, 60_000)]) {
      expect(cookie).toMatch(/^__Host-\w+=(?:ab){32}; Path=\/; Max-Age=60; Secure; HttpOnly; SameSite=/);
      expect(cookie).not.toContain('Domain');
    }
    // The state comes back from another site; what approves a device never does.
    expect(stateCookie(SECRET, 1)).toContain('SameSite=Lax');
    expect(deviceCookie(SECRET, 1)).toContain('SameSite=Strict');
  });

  it('are found among others, and only whole and by their own name', () => {
    const state = (cookie: string) => stateSecret(request({ cookie }));
    expect(state(`a=b; __Host-oauth_state=${SECRET}; c=d`)).toBe(SECRET);
    for (const cookie of [
      '',
      `oauth_state=${SECRET}`,
      `x__Host-oauth_state=${SECRET}`,
      `__Host-oauth_state=${SECRET}0`,
      `__Host-oauth_state=${SECRET.toUpperCase()}`,
      `__Host-oauth_state="${SECRET}"`,
      `__Host-device_verify=${SECRET}`,
    ]) {
      expect(state(cookie)).toBeNull();
    }
    expect(deviceSecret(request({}))).toMatchObject({ ok: false, error: { code: 'MISSING_TOKEN' } });
    expect(deviceSecret(request({ cookie: `__Host-device_verify=${SECRET}` }))).toEqual({
      ok: true,
      value: SECRET,
    });
  });
});

describe('the origin', () => {
  it.each([
    [{}, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site', origin: ORIGIN }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: ORIGIN }, true],
    [{ origin: 'null' }, false],
    [{ origin: 'https://api.example.test.evil.test' }, false],
    [{ origin: 'http://api.example.test' }, false],
  ])('with %j: %s', (headers, isOwn) => {
    expect(requireSameOrigin(request(headers), ORIGIN).ok).toBe(isOwn);
  });
});
