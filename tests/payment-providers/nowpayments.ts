/** The part of NOWPayments that is used: https://documenter.getpostman.com/view/7907941/2s93JusNJt */
import { randomInt } from 'node:crypto';
import * as z from 'zod';
import type { Exchange, Reply } from './http-exchange.ts';

/** A dollar is this much of the one coin there is. */
const COINS_PER_DOLLAR = 0.00001;

const NewInvoice = z.object({
  price_amount: z.number().positive(),
  price_currency: z.literal('usd'),
  order_id: z.string().max(256).optional(),
  order_description: z.string().max(1024).optional(),
  ipn_callback_url: z.url().optional(),
  success_url: z.url().optional(),
  cancel_url: z.url().optional(),
});

export interface Invoice {
  readonly id: string;
  readonly order_id: string | null;
  readonly price_amount: number;
  readonly success_url: string | null;
  readonly ipn_callback_url: string | null;
}

/** Also the body of a notification. */
export interface CryptoPayment {
  readonly payment_id: number;
  readonly parent_payment_id: null;
  readonly invoice_id: number;
  readonly order_id: string | null;
  readonly order_description: null;
  readonly pay_address: string;
  readonly price_amount: number;
  readonly price_currency: 'usd';
  readonly pay_amount: number;
  readonly pay_currency: 'btc';
  readonly purchase_id: string;
  readonly outcome_currency: 'btc';
  readonly fee: { readonly currency: 'btc'; readonly depositFee: number; readonly serviceFee: number };
  readonly created_at: string;
  payment_status: string;
  actually_paid: number;
  outcome_amount: number;
  updated_at: number;
}

export interface CryptoStore {
  readonly invoices: Map<string, Invoice>;
  readonly payments: Map<string, CryptoPayment>;
}

/** How a fake payer pays an invoice. */
export type CryptoPay = 'exact' | 'half' | 'double' | 'expired' | 'failed';

/** Sends a notification about a payment, as it is at that moment. */
export type Notify = (payment: CryptoPayment, url: string | null) => void;

/** The answer of the emulated API; null for a path that is none of its own. */
export function nowPaymentsReply(store: CryptoStore, exchange: Exchange): Reply | null {
  const { method, path } = exchange;
  if (method === 'GET' && path === '/nowpayments/v1/status') return { status: 200, json: { message: 'OK' } };
  if (method === 'POST' && path === '/nowpayments/v1/invoice') return createInvoice(store, exchange);
  const match = /^\/nowpayments\/v1\/payment\/(\d+)$/.exec(path);
  if (method !== 'GET' || match === null) return null;
  const payment = store.payments.get(match[1] ?? '');
  return payment === undefined
    ? { status: 404, json: { status: false, statusCode: 404, code: 'PAYMENT_NOT_FOUND' } }
    : { status: 200, json: payment };
}

function createInvoice(store: CryptoStore, exchange: Exchange): Reply {
  const parsed = NewInvoice.safeParse(JSON.parse(exchange.body));
  if (!parsed.success) {
    return { status: 400, json: { status: false, statusCode: 400, code: 'INVALID_REQUEST_PARAMS' } };
  }
  const { order_id: order, price_amount: price, success_url: success, ipn_callback_url: ipn } = parsed.data;
  const id = String(randomInt(1_000_000_000, 9_999_999_999));
  store.invoices.set(id, {
    id,
    order_id: order ?? null,
    price_amount: price,
    success_url: success ?? null,
    ipn_callback_url: ipn ?? null,
  });
  const url = `${exchange.origin}/crypto/${id}`;
  return {
    status: 200,
    json: { ...parsed.data, id, price_amount: String(price), invoice_url: url, created_at: new Date() },
  };
}

/** Pays an invoice; each status on the way is told by a notification. */
export function payInvoice(
  store: CryptoStore,
  invoice: Invoice,
  how: CryptoPay,
  notify: Notify,
): CryptoPayment {
  const asked = Number((invoice.price_amount * COINS_PER_DOLLAR).toFixed(8));
  const payment: CryptoPayment = {
    payment_id: randomInt(1_000_000_000, 9_999_999_999),
    parent_payment_id: null,
    invoice_id: Number(invoice.id),
    order_id: invoice.order_id,
    order_description: null,
    pay_address: 'bc1qfakefakefakefakefakefakefakefakefakefak',
    price_amount: invoice.price_amount,
    price_currency: 'usd',
    pay_amount: asked,
    pay_currency: 'btc',
    purchase_id: invoice.id,
    outcome_currency: 'btc',
    fee: { currency: 'btc', depositFee: 0, serviceFee: 0 },
    created_at: new Date().toISOString(),
    payment_status: 'waiting',
    actually_paid: 0,
    outcome_amount: 0,
    updated_at: Date.now(),
  };
  store.payments.set(String(payment.payment_id), payment);
  const tell = (status: string, paid: number): void => {
    payment.payment_status = status;
    payment.actually_paid = paid;
    payment.outcome_amount = paid;
    payment.updated_at = Date.now();
    notify(payment, invoice.ipn_callback_url);
  };
  tell('waiting', 0);
  if (how === 'expired' || how === 'failed') {
    tell(how, 0);
    return payment;
  }
  const paid = how === 'half' ? asked / 2 : how === 'double' ? asked * 2 : asked;
  for (const status of ['confirming', 'confirmed', 'sending']) tell(status, paid);
  tell(how === 'half' ? 'partially_paid' : 'finished', paid);
  return payment;
}

/** The money of a payment goes back to the payer. */
export function returnPayment(payment: CryptoPayment, notify: Notify): void {
  payment.payment_status = 'refunded';
  payment.updated_at = Date.now();
  notify(payment, null);
}
