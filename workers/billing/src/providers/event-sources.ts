import { bankEvents } from '../payments/bank-transfer.ts';
import type { PaymentProviderName } from '../payments/payment-facts.ts';
import type { EventSource } from '../payments/payment-reading.ts';
import type { ConfiguredProviders } from './configured-providers.ts';
import { readIpn } from './nowpayments/read-ipn.ts';
import { readStripeEvent } from './stripe/read-stripe-event.ts';

/** A provider whose events can be read, but which can't be asked anything. */
function unasked(provider: 'stripe' | 'nowpayments', read: EventSource['read']): EventSource {
  const refuse = () => Promise.reject(new Error(`${provider} has to be asked and is not configured`));
  return { provider, read, answer: refuse, findOwner: refuse };
}

/** How the kept events of each provider are read, and who answers what they leave out. */
export function eventSources({
  stripe,
  nowpayments,
}: ConfiguredProviders): Readonly<Record<PaymentProviderName, EventSource>> {
  return {
    stripe: stripe ?? unasked('stripe', readStripeEvent),
    nowpayments: nowpayments ?? unasked('nowpayments', readIpn),
    bank: bankEvents,
  };
}
