const REFUSALS = ['HELD_ALREADY', 'SERVER_TAKEN', 'OFFER_SOLD_OUT', 'RESERVATION_SETTLED', 'ENDED'] as const;

/** What the market's own rules refuse. The batch that it was in has had no effect. */
export type RentalRefusalCode = (typeof REFUSALS)[number];

const MESSAGE = /\brentals: ([A-Z_]+)/;
const CAUSES_MAX = 5;

/** The refusal that a failed batch came to; null for any other error, which is to be thrown on. */
export function rentalRefusal(error: unknown): RentalRefusalCode | null {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth += 1) {
    const name = MESSAGE.exec(at.message)?.[1];
    if (name !== undefined) return REFUSALS.find((refusal) => refusal === name) ?? null;
    at = at.cause;
  }
  return null;
}
