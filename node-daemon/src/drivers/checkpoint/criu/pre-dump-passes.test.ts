import { describe, expect, it } from 'vitest';
import { isWorthKeeping, wantsPass } from './pre-dump-passes.ts';

const mib = 1024 * 1024;

describe('how often memory is written beforehand', () => {
  it.each<[what: string, resident: number, passes: readonly number[], wants: boolean]>([
    ['a small machine: never', 31, [], false],
    ['a larger one: once', 32, [], true],
    ['a larger one: not twice', 63, [40], false],
    ['a large one', 64, [], true],
    ['a large one, after a pass that took its time', 512, [510], true],
    ['a large one, after a pass that was short all the same', 512, [63], false],
    ['never three times', 65_536, [65_000, 30_000], false],
  ])('%s', (_, resident, passes, wants) => {
    expect(
      wantsPass(
        resident * mib,
        passes.map((each) => each * mib),
      ),
    ).toBe(wants);
  });

  it('passes that shrink are kept; those that do not would only be carried along', () => {
    expect(isWorthKeeping([100])).toBe(true);
    expect(isWorthKeeping([100, 50])).toBe(true);
    expect(isWorthKeeping([100, 51])).toBe(false);
    expect(isWorthKeeping([])).toBe(false);
  });
});
