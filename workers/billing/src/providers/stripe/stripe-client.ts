import Stripe from 'stripe';

/** The version of Stripe's API that this code was written for; the library's types are of the same one. */
export const STRIPE_API_VERSION = '2026-10-28.endive' satisfies Stripe.LatestApiVersion;

const TIMEOUT_MS = 10_000;
const RETRIES_MAX = 2;

/**
 * Stripe's own library over `fetch`, which is what a worker has.
 *
 * @param apiUrl another place than Stripe's, for the emulator; undefined for Stripe itself
 */
export function stripeClient(secretKey: string, apiUrl?: string): Stripe {
  const elsewhere = apiUrl === undefined ? null : new URL(apiUrl);
  return new Stripe(secretKey, {
    apiVersion: STRIPE_API_VERSION,
    httpClient: Stripe.createFetchHttpClient(),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES_MAX,
    telemetry: false,
    ...(elsewhere === null
      ? {}
      : {
          host: elsewhere.hostname,
          port: elsewhere.port === '' ? (elsewhere.protocol === 'https:' ? 443 : 80) : elsewhere.port,
          protocol: elsewhere.protocol === 'https:' ? 'https' : 'http',
        }),
  });
}
