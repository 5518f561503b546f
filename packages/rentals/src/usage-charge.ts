/** What usage costs by a server's plan. Pure; amounts in micro-dollars, never rounded away: the rest is carried. */
import { METERING_SPAN_MS, type Usage } from './usage.ts';

/** Micro-dollars of one container's hour. */
export interface MeteringRates {
  readonly computeMicrosPerHour: number;
  readonly memoryMicrosPerHour: number;
  readonly storageMicrosPerHour: number;
}

/** $10 an hour: the cost of an hour, the longest span that is posted, stays an exact integer. */
const RATE_MICROS_MAX = 10_000_000;
/** Units (see {@link costUnits}) of one cent. */
const UNITS_PER_CENT = BigInt(10_000 * METERING_SPAN_MS);

/** A plan's rates as they are stored; null for a flat rate, `invalid` for what makes no sense. */
export function readMeteringRates(stored: unknown): MeteringRates | null | 'invalid' {
  if (stored === null || stored === undefined) return null;
  if (typeof stored !== 'object') return 'invalid';
  const rate = (name: string): number => {
    const value: unknown = Reflect.get(stored, name);
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : -1;
  };
  const rates = {
    computeMicrosPerHour: rate('computeMicrosPerHour'),
    memoryMicrosPerHour: rate('memoryMicrosPerHour'),
    storageMicrosPerHour: rate('storageMicrosPerHour'),
  };
  const isFit = Object.values(rates).every((value) => value >= 0 && value <= RATE_MICROS_MAX);
  return isFit ? rates : 'invalid';
}

/**
 * The exact cost of a span's usage, in units of a micro-dollar times a millisecond: what is summed over any
 * cutting of a time is the same.
 */
export function costUnits(usage: Usage, rates: MeteringRates): number {
  return (
    usage.computeMs * rates.computeMicrosPerHour +
    usage.memoryMs * rates.memoryMicrosPerHour +
    usage.storageMs * rates.storageMicrosPerHour
  );
}

/** Units as micro-dollars, for showing. */
export function microsOfUnits(units: bigint): number {
  return Number(units / BigInt(METERING_SPAN_MS));
}

/**
 * How much of what is owed can be charged: whole cents. What is left below a cent is carried to the next
 * time, so that over any number of charges not a unit is lost.
 */
export function chargeable(owedUnits: bigint): { readonly cents: number; readonly carriedUnits: bigint } {
  return { cents: Number(owedUnits / UNITS_PER_CENT), carriedUnits: owedUnits % UNITS_PER_CENT };
}
