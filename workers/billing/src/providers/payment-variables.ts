/** The variables and secrets that decide which ways to pay there are. */
export interface PaymentVariables {
  /** Where a payer's browser goes after paying, https. Without it no provider with a page is offered. */
  readonly PAYMENT_RETURN_URL?: string;
  /** Cards are offered while both are set (secrets). The URL is another place than Stripe's, for tests. */
  readonly STRIPE_SECRET_KEY?: string;
  readonly STRIPE_WEBHOOK_SECRET?: string;
  readonly STRIPE_API_URL?: string;
  /** Crypto is offered while both are set (secrets). URLs: of their API, and of our webhook if it must be told. */
  readonly NOWPAYMENTS_API_KEY?: string;
  readonly NOWPAYMENTS_IPN_SECRET?: string;
  readonly NOWPAYMENTS_API_URL?: string;
  readonly NOWPAYMENTS_IPN_URL?: string;
  /** Bank transfers are offered while holder and IBAN are set. */
  readonly BANK_ACCOUNT_HOLDER?: string;
  readonly BANK_ACCOUNT_IBAN?: string;
  readonly BANK_ACCOUNT_BIC?: string;
}
