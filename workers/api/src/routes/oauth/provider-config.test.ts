import { describe, expect, it } from 'vitest';
import { allowedRedirects, launchRedirect, providerConfig } from './provider-config.ts';

const client = { OAUTH_GITHUB_CLIENT_ID: 'id', OAUTH_GITHUB_CLIENT_SECRET: 'secret' };

describe('a provider', () => {
  it('is offered once its client is set, at its own endpoints', () => {
    expect(providerConfig(client, 'github')).toMatchObject({
      clientId: 'id',
      tokenUrl: 'https://github.com/login/oauth/access_token',
    });
    expect(providerConfig(client, 'google')).toBeNull();
    expect(providerConfig({ ...client, OAUTH_GITHUB_CLIENT_SECRET: '' }, 'github')).toBeNull();
  });

  it('can be elsewhere: over https, or on this machine', () => {
    for (const url of [
      'https://git.example.test/token',
      'http://127.0.0.1:9/token',
      'http://p.localhost/token',
    ]) {
      expect(providerConfig({ ...client, OAUTH_GITHUB_TOKEN_URL: url }, 'github')).toMatchObject({
        tokenUrl: url,
      });
    }
  });

  it.each([
    'http://git.example.test/token',
    'ftp://127.0.0.1/',
    'git.example.test',
    'http://localhost.evil.test/',
  ])('is not offered with the endpoint %s, over which secrets would travel openly or not at all', (url) => {
    expect(providerConfig({ ...client, OAUTH_GITHUB_TOKEN_URL: url }, 'github')).toBeNull();
  });
});

describe('launches', () => {
  it('end at the first allowed URI, or at another one of the list, never elsewhere', () => {
    const OAUTH_REDIRECT_URIS = 'https://a.test/ https://b.test/';
    expect(allowedRedirects({ OAUTH_REDIRECT_URIS })).toHaveLength(2);
    expect(launchRedirect({ OAUTH_REDIRECT_URIS })).toBe('https://a.test/');
    const launch = (uri: string) => launchRedirect({ OAUTH_REDIRECT_URIS, OAUTH_LAUNCH_REDIRECT_URI: uri });
    expect(launch('https://b.test/')).toBe('https://b.test/');
    expect(launch('https://c.test/')).toBeNull();
    expect(launchRedirect({})).toBeNull();
  });
});
