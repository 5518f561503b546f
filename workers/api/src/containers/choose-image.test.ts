import { describe, expect, it } from 'vitest';
import { normaliseImageName } from './choose-image.ts';

describe('normaliseImageName', () => {
  it.each([
    ['debian/13', 'debian/13'],
    ['debian-13', 'debian/13'],
    ['debian:13', 'debian/13'],
    ['debian 13', 'debian/13'],
    [' Debian/13 ', 'debian/13'],
    ['ubuntu-24.04', 'ubuntu/24.04'],
    ['debian', 'debian'],
  ])('%s means %s', (given, expected) => {
    expect(normaliseImageName(given)).toBe(expected);
  });
});
