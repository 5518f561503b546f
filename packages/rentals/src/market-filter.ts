/** Which servers of the market a buyer wants to see. Pure. */
import { centsPerDay, type PriceTable } from './prices.ts';
import { type ServerSpecs, totalStorageGb } from './server-specs.ts';

/** An absent member does not filter. */
export interface MarketFilter {
  /** Letter case does not matter in names of places. */
  readonly country?: string | undefined;
  readonly region?: string | undefined;
  /** Dollars; the best of the server's tiers counts. */
  readonly pricePerDayMax?: number | undefined;
  /** Terms in days: one that is priced is enough. */
  readonly durations?: readonly number[] | undefined;
  readonly cpuCoresMin?: number | undefined;
  /** With `cpuScoreType`: of that benchmark only. */
  readonly cpuScoreMin?: number | undefined;
  readonly cpuScoreType?: string | undefined;
  readonly ramGbMin?: number | undefined;
  readonly ramTypes?: readonly string[] | undefined;
  readonly storageGbMin?: number | undefined;
  /** A server that has a disk of one of the types. */
  readonly diskTypes?: readonly string[] | undefined;
  readonly bandwidthMbpsMin?: number | undefined;
  /** Unlimited traffic is enough for any wish. */
  readonly trafficTbMin?: number | undefined;
  readonly unlimitedTrafficOnly?: boolean | undefined;
  readonly category?: string | undefined;
  readonly featuredOnly?: boolean | undefined;
}

export interface MarketEntry {
  readonly country: string | null;
  readonly region: string | null;
  readonly category: string;
  readonly isFeatured: boolean;
  readonly prices: PriceTable;
  readonly specs: ServerSpecs;
}

/** Whether a server passes every filter. What is not known of it passes no filter that asks for it. */
export function passesFilter(entry: MarketEntry, filter: MarketFilter): boolean {
  const { specs, prices } = entry;
  return (
    isNamed(filter.country, entry.country) &&
    isNamed(filter.region, entry.region) &&
    isNamed(filter.category, entry.category) &&
    (filter.pricePerDayMax === undefined || centsPerDay(prices) <= filter.pricePerDayMax * 100) &&
    (filter.durations === undefined || filter.durations.some((days) => prices.has(days))) &&
    reaches(specs.cpuCores, filter.cpuCoresMin) &&
    reaches(specs.cpuScore, filter.cpuScoreMin) &&
    (filter.cpuScoreType === undefined || specs.cpuScoreType === filter.cpuScoreType) &&
    reaches(specs.ramGb, filter.ramGbMin) &&
    isAmong(specs.ramType === undefined ? [] : [specs.ramType], filter.ramTypes) &&
    reaches(totalStorageGb(specs), filter.storageGbMin) &&
    isAmong(specs.disks?.map(({ type }) => type) ?? [], filter.diskTypes) &&
    reaches(specs.bandwidthMbps, filter.bandwidthMbpsMin) &&
    (specs.trafficUnlimited === true || reaches(specs.trafficTb, filter.trafficTbMin)) &&
    (filter.unlimitedTrafficOnly !== true || specs.trafficUnlimited === true) &&
    (filter.featuredOnly !== true || entry.isFeatured)
  );
}

function isNamed(wanted: string | undefined, name: string | null): boolean {
  return wanted === undefined || name?.toLowerCase() === wanted.toLowerCase();
}

function reaches(value: number | undefined, minimum: number | undefined): boolean {
  return minimum === undefined || (value !== undefined && value >= minimum);
}

function isAmong(values: readonly string[], wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || values.some((value) => wanted.includes(value));
}
