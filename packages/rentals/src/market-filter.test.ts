import { describe, expect, it } from 'vitest';
import { passesFilter, type MarketEntry, type MarketFilter } from './market-filter.ts';
import { specsOfFacts } from './server-specs.ts';

const entry: MarketEntry = {
  country: 'Germany',
  region: 'eu',
  category: 'general',
  isFeatured: false,
  prices: new Map([
    [1, 100],
    [30, 1500],
  ]),
  specs: {
    cpuCores: 8,
    cpuScore: 20_000,
    cpuScoreType: 'passmark',
    ramGb: 64,
    ramType: 'DDR5',
    disks: [
      { type: 'NVMe', capacityGb: 500, count: 2 },
      { type: 'HDD', capacityGb: 4000, count: 1 },
    ],
    bandwidthMbps: 1000,
    trafficTb: 20,
  },
};

describe('a server', () => {
  it.each<[string, MarketFilter, boolean]>([
    ['no filter', {}, true],
    ['its country, whatever the case', { country: 'germany' }, true],
    ['another country', { country: 'France' }, false],
    ['another region', { region: 'us' }, false],
    ['the best price of a day', { pricePerDayMax: 0.5 }, true],
    ['a lower price', { pricePerDayMax: 0.49 }, false],
    ['one of the terms', { durations: [7, 30] }, true],
    ['none of the terms', { durations: [7] }, false],
    ['as many cores', { cpuCoresMin: 8 }, true],
    ['more cores', { cpuCoresMin: 9 }, false],
    ['its score of that benchmark', { cpuScoreMin: 20_000, cpuScoreType: 'passmark' }, true],
    ['its score of another benchmark', { cpuScoreMin: 1, cpuScoreType: 'geekbench_multi' }, false],
    ['less memory', { ramGbMin: 32 }, true],
    ['more memory', { ramGbMin: 65 }, false],
    ['its kind of memory', { ramTypes: ['DDR4', 'DDR5'] }, true],
    ['another kind of memory', { ramTypes: ['DDR4'] }, false],
    ['all its disks', { storageGbMin: 5000 }, true],
    ['more than all its disks', { storageGbMin: 5001 }, false],
    ['one of its kinds of disk', { diskTypes: ['HDD'] }, true],
    ['no kind of its disks', { diskTypes: ['SAS'] }, false],
    ['less bandwidth', { bandwidthMbpsMin: 500 }, true],
    ['more bandwidth', { bandwidthMbpsMin: 1001 }, false],
    ['less traffic', { trafficTbMin: 20 }, true],
    ['more traffic', { trafficTbMin: 21 }, false],
    ['unlimited traffic only', { unlimitedTrafficOnly: true }, false],
    ['unlimited traffic or not', { unlimitedTrafficOnly: false }, true],
    ['its category', { category: 'general' }, true],
    ['another category', { category: 'gpu' }, false],
    ['featured ones only', { featuredOnly: true }, false],
    ['all wishes but one', { country: 'Germany', cpuCoresMin: 8, category: 'gpu' }, false],
  ])('%s', (_, filter, expected) => {
    expect(passesFilter(entry, filter)).toBe(expected);
  });

  it('with unlimited traffic has enough for any wish', () => {
    const unlimited = { ...entry, specs: { trafficUnlimited: true } };
    expect(passesFilter(unlimited, { trafficTbMin: 1000, unlimitedTrafficOnly: true })).toBe(true);
  });

  it('of which nothing is known passes no filter that asks for it', () => {
    const unknown = { ...entry, country: null, specs: {} };
    const filters: MarketFilter[] = [
      { country: 'Germany' },
      { cpuCoresMin: 1 },
      { cpuScoreType: 'passmark' },
      { ramGbMin: 1 },
      { ramTypes: ['DDR5'] },
      { storageGbMin: 1 },
      { diskTypes: ['SSD'] },
      { bandwidthMbpsMin: 1 },
      { trafficTbMin: 1 },
    ];
    expect(filters.filter((filter) => passesFilter(unknown, filter))).toEqual([]);
  });
});

it('takes what a host says of itself for a listing that says nothing', () => {
  const facts = { cpu_cores: 2, memory_bytes: 8 * 1024 ** 3, disk_bytes: 50e9, hostname: 'x' };
  expect(specsOfFacts(facts)).toEqual({
    cpuCores: 2,
    cpuThreads: 2,
    ramGb: 8,
    disks: [{ type: 'SSD', capacityGb: 50, count: 1 }],
  });
  expect([specsOfFacts(null), specsOfFacts('x'), specsOfFacts({ cpu_cores: 0 })]).toEqual([{}, {}, {}]);
});
