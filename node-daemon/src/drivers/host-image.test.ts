import { describe, expect, it } from 'vitest';
import { parseOsRelease, readHostImage } from './host-image.ts';

describe('the host’s own image', () => {
  it('reads quoted and plain values and ignores everything else', () => {
    const parsed = parseOsRelease(
      `# comment\nID=debian\nVERSION_ID="12"\nNAME='Debian GNU/Linux'\n\nbroken\nEMPTY=\n`,
    );
    expect(Object.fromEntries(parsed)).toEqual({
      ID: 'debian',
      VERSION_ID: '12',
      NAME: 'Debian GNU/Linux',
      EMPTY: '',
    });
  });

  it('is named after the host and is the default', () => {
    expect(readHostImage()).toMatchObject({
      name: expect.stringMatching(/^[^/]+\/[^/]+$/),
      is_default: true,
      serial: expect.stringMatching(/^\d{8}$/),
    });
  });
});
