import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '@control-plane/contract/errors';
import * as z from 'zod';
import type { PaymentOwner } from '../../payments/payment-reading.ts';
import type { Checkout, CheckoutOrder, PaymentProvider } from '../payment-provider.ts';
import type { VerifiedEvent } from '../webhook.ts';
import { isSigned, signedTexts, sortedJson } from './ipn-signature.ts';
import { invoiceReference, readIpn } from './read-ipn.ts';

const TIMEOUT_MS = 10_000;
const API_URL = 'https://api.nowpayments.io/v1';
const LIMITS = { minCents: 500, maxCents: 1_000_000 };

export interface NowPaymentsSettings {
  readonly apiKey: string;
  readonly ipnSecret: string;
  /** Another place than NOWPayments' own, for the emulator. */
  readonly apiUrl?: string;
  /** Where notifications go, when not to what the account is set to. */
  readonly ipnUrl?: string;
  /** Where the payer's browser goes afterwards. */
  readonly returnUrl: string;
}

const Invoice = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  invoice_url: z.url(),
});
const Payment = z.object({
  payment_id: z.union([z.string(), z.number()]).transform(String),
  invoice_id: z.union([z.string(), z.number()]).transform(String).nullish(),
  order_id: z.string().nullish(),
});

/** NOWPayments: hosted invoices, told of by IPN. */
export function nowPaymentsProvider(settings: NowPaymentsSettings): PaymentProvider {
  const { apiKey, ipnSecret, apiUrl = API_URL, ipnUrl, returnUrl } = settings;
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${apiUrl}${path}`, {
      ...init,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });

  async function openCheckout(order: CheckoutOrder): Promise<Result<Checkout>> {
    try {
      const response = await call('/invoice', {
        method: 'POST',
        body: JSON.stringify({
          price_amount: order.amountCents / 100,
          price_currency: 'usd',
          order_id: order.intentId,
          order_description: 'Wallet top-up',
          success_url: returnUrl,
          cancel_url: returnUrl,
          ...(ipnUrl === undefined ? {} : { ipn_callback_url: ipnUrl }),
        }),
      });
      if (!response.ok) return unavailable();
      const invoice = Invoice.safeParse(await response.json());
      if (!invoice.success) return unavailable();
      const { id, invoice_url: redirectUrl } = invoice.data;
      return ok({ redirectUrl, expiresAt: null, references: [invoiceReference(id)] });
    } catch {
      return unavailable();
    }
  }

  async function findOwner(subject: string): Promise<PaymentOwner | null> {
    if (!/^\d{1,32}$/.test(subject)) return null;
    const response = await call(`/payment/${subject}`);
    if (response.status === 404 || response.status === 400) return null;
    if (!response.ok) throw new Error(`NOWPayments answered ${response.status}`);
    const payment = Payment.safeParse(await response.json());
    if (!payment.success || !/^[0-9a-f]{24}$/.test(payment.data.order_id ?? '')) return null;
    const { payment_id: paymentId, invoice_id: invoiceId, order_id: orderId } = payment.data;
    return {
      intentId: orderId ?? '',
      references: [
        paymentId,
        ...(invoiceId === null || invoiceId === undefined ? [] : [invoiceReference(invoiceId)]),
      ],
    };
  }

  return {
    provider: 'nowpayments',
    limits: LIMITS,
    openCheckout,
    verify: (body, headers) => verifyIpn(ipnSecret, body, headers.get('x-nowpayments-sig')),
    read: readIpn,
    answer: () => Promise.resolve([]),
    findOwner,
  };
}

function unavailable() {
  return fail('PAYMENT_PROVIDER_UNAVAILABLE', 'The payment provider can not be reached; try again later', {
    retryAfterSeconds: 30,
  });
}

/**
 * Checks a notification. Its id is the SHA-256 of what was signed, because it has none of its own: the same
 * notification, sent again, is the same event.
 */
export async function verifyIpn(
  secret: string,
  body: Uint8Array,
  signature: string | null,
): Promise<Result<VerifiedEvent>> {
  if (signature === null || signature === '') {
    return fail('WEBHOOK_SIGNATURE_MISSING', 'The header x-nowpayments-sig is missing');
  }
  const text = new TextDecoder().decode(body);
  const json = Json.safeParse(parseJson(text));
  if (!json.success) return fail('WEBHOOK_BODY_INVALID', 'The body is no JSON object');
  if (!(await isSigned(secret, signature, signedTexts(text, json.data)))) {
    return fail('WEBHOOK_SIGNATURE_INVALID', 'The signature is not that of this body');
  }
  const status = json.data['payment_status'];
  return ok({
    eventId: createHash('sha256').update(sortedJson(json.data)).digest('hex'),
    eventType: typeof status === 'string' && /^\w{1,64}$/.test(status) ? status : 'unknown',
    body: text,
  });
}

const Json = z.record(z.string(), z.json());

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
