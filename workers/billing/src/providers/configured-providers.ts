import type { Database } from '@control-plane/database';
import type { PaymentProvider } from './payment-provider.ts';
import type { PaymentVariables } from './payment-variables.ts';
import { nowPaymentsProvider } from './nowpayments/nowpayments-provider.ts';
import { stripeClient } from './stripe/stripe-client.ts';
import { stripeProvider, type StripeProvider } from './stripe/stripe-provider.ts';

/** Where users transfer money to. */
export interface BankAccount {
  readonly holder: string;
  readonly iban: string;
  readonly bic: string | null;
}

/** The ways to pay that this deployment has; null: not configured. */
export interface ConfiguredProviders {
  readonly stripe: StripeProvider | null;
  readonly nowpayments: PaymentProvider | null;
  readonly bank: BankAccount | null;
}

/** `name: value`, or nothing when it is not set. */
function optional<Name extends string>(name: Name, value: string | undefined): { [Key in Name]?: string } {
  const set: { [Key in Name]?: string } = {};
  if (value !== undefined && value !== '') set[name] = value;
  return set;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

let configured:
  | { readonly env: PaymentVariables; readonly database: Database; readonly providers: ConfiguredProviders }
  | undefined;

/** The ways to pay, made once for an isolate's environment: Stripe's client takes a while to build. */
export function configuredProviders(env: PaymentVariables, database: Database): ConfiguredProviders {
  if (configured?.env !== env || configured.database !== database) {
    configured = { env, database, providers: readProviders(env, database) };
  }
  return configured.providers;
}

/**
 * Reads the variables. A provider with half of its secrets counts as not configured: it could take money
 * that nobody would ever be credited with.
 */
function readProviders(env: PaymentVariables, database: Database): ConfiguredProviders {
  const { PAYMENT_RETURN_URL: returnUrl } = env;
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = env;
  const { NOWPAYMENTS_API_KEY: apiKey, NOWPAYMENTS_IPN_SECRET: ipnSecret } = env;
  const { BANK_ACCOUNT_HOLDER: holder, BANK_ACCOUNT_IBAN: iban, BANK_ACCOUNT_BIC: bic } = env;
  const hasPage = isSet(returnUrl);
  return {
    stripe:
      hasPage && isSet(secretKey) && isSet(webhookSecret)
        ? stripeProvider({
            client: stripeClient(secretKey, isSet(env.STRIPE_API_URL) ? env.STRIPE_API_URL : undefined),
            webhookSecret,
            returnUrl,
            database,
            now: Date.now,
          })
        : null,
    nowpayments:
      hasPage && isSet(apiKey) && isSet(ipnSecret)
        ? nowPaymentsProvider({
            apiKey,
            ipnSecret,
            returnUrl,
            ...optional('apiUrl', env.NOWPAYMENTS_API_URL),
            ...optional('ipnUrl', env.NOWPAYMENTS_IPN_URL),
          })
        : null,
    bank: isSet(holder) && isSet(iban) ? { holder, iban, bic: isSet(bic) ? bic : null } : null,
  };
}
