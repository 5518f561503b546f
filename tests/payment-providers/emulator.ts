/**
 * Stripe and NOWPayments, as far as they are used, as a local program: their documented HTTP on one side,
 * signed webhooks with retries on the other, and pages to pay at. Fake money only; everything is forgotten
 * at the end.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import Stripe from 'stripe';
import * as z from 'zod';
import { createDeliveries, type Delivery } from './deliveries.ts';
import {
  isSame,
  readExchange,
  readForm,
  text,
  type Exchange,
  type Form,
  type Reply,
} from './http-exchange.ts';
import { nowPaymentsReply, payInvoice, returnPayment, type CryptoStore, type Notify } from './nowpayments.ts';
import { checkoutPage, invoicePage, paidPage } from './pages.ts';
import { stripeReply } from './stripe-api.ts';
import { emptyStripeStore, nowSeconds, stripeId } from './stripe-objects.ts';
import {
  closeDispute,
  disputeIntent,
  failRefund,
  paySession,
  refundIntent,
  settleSession,
  type Emit,
} from './stripe-payments.ts';

export interface EmulatorOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly stripeSecretKey: string;
  readonly stripeWebhookSecret: string;
  readonly nowpaymentsApiKey: string;
  readonly nowpaymentsIpnSecret: string;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT`, which is also Stripe's API; NOWPayments' is below `/nowpayments/v1`. */
  readonly url: string;
  /** Where webhooks are delivered, the origin of a stack; null keeps them back. */
  setTarget(url: string | null): void;
  deliveries(): readonly Delivery[];
  stop(): Promise<void>;
}

const REPLIES_KEPT_MAX = 10_000;
const CARDS = z.enum(['card', 'saved_card', 'declined_card', 'bank_debit']);
const COINS = z.enum(['exact', 'half', 'double', 'expired', 'failed']);
const notFound: Reply = { status: 404, json: { error: { message: 'Unrecognized request URL' } } };

/** JSON with sorted keys, which is what NOWPayments signs. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Starts the emulator on loopback. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const stripeStore = emptyStripeStore();
  const cryptoStore: CryptoStore = { invoices: new Map(), payments: new Map() };
  const deliveries = createDeliveries();
  const replies = new Map<string, Reply>();

  const emit: Emit = (type, object) => {
    const body = JSON.stringify({
      id: stripeId('evt'),
      object: 'event',
      api_version: Stripe.API_VERSION,
      created: nowSeconds(),
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
      data: { object },
    });
    deliveries.send('stripe', type, '/api/v1/webhooks/stripe', body, async () => ({
      'stripe-signature': await Stripe.webhooks.generateTestHeaderStringAsync({
        payload: body,
        secret: options.stripeWebhookSecret,
      }),
    }));
  };
  const notify: Notify = (payment) => {
    const body = JSON.stringify(payment);
    const signature = createHmac('sha512', options.nowpaymentsIpnSecret)
      .update(sortedJson(payment))
      .digest('hex');
    deliveries.send('nowpayments', payment.payment_status, '/api/v1/webhooks/nowpayments', body, () =>
      Promise.resolve({ 'x-nowpayments-sig': signature }),
    );
  };

  function stripeCall(exchange: Exchange): Reply {
    if (!isSame(exchange.headers.authorization ?? '', `Bearer ${options.stripeSecretKey}`)) {
      return {
        status: 401,
        json: { error: { type: 'invalid_request_error', message: 'Invalid API Key provided' } },
      };
    }
    const key = exchange.headers['idempotency-key'];
    const name = typeof key === 'string' ? `${exchange.path} ${key}` : null;
    const first = name === null ? undefined : replies.get(name);
    if (first !== undefined) return first;
    const reply = stripeReply(stripeStore, emit, exchange, readForm(exchange.body)) ?? notFound;
    if (name !== null && replies.size < REPLIES_KEPT_MAX) replies.set(name, structuredClone(reply));
    return reply;
  }

  function cryptoCall(exchange: Exchange): Reply {
    if (!isSame(String(exchange.headers['x-api-key'] ?? ''), options.nowpaymentsApiKey)) {
      return { status: 403, json: { status: false, statusCode: 403, code: 'INVALID_API_KEY' } };
    }
    return nowPaymentsReply(cryptoStore, exchange) ?? notFound;
  }

  function payPage({ method, path, body, origin }: Exchange): Reply {
    const session = stripeStore.sessions.get(path.slice('/pay/'.length));
    if (session === undefined) return notFound;
    if (method !== 'POST') return { status: 200, html: checkoutPage(session, null) };
    const how = CARDS.safeParse(text(readForm(body), 'with'));
    if (!how.success) return { status: 400, html: checkoutPage(session, 'Choose a way to pay.') };
    const refusal = paySession(stripeStore, session, how.data, emit);
    if (refusal !== null) return { status: 402, html: checkoutPage(session, refusal) };
    return { status: 303, location: session.success_url ?? `${origin}/paid` };
  }

  function cryptoPage({ method, path, body, origin }: Exchange): Reply {
    const invoice = cryptoStore.invoices.get(path.slice('/crypto/'.length));
    if (invoice === undefined) return notFound;
    if (method !== 'POST') return { status: 200, html: invoicePage(invoice) };
    const how = COINS.safeParse(text(readForm(body), 'with'));
    if (!how.success) return { status: 400, html: invoicePage(invoice) };
    payInvoice(cryptoStore, invoice, how.data, notify);
    return { status: 303, location: invoice.success_url ?? `${origin}/paid` };
  }

  /** What no API of a provider has: the doings of payers and their banks. */
  function doing(path: string, form: Form): Reply {
    const done = (object: unknown): Reply =>
      object === undefined || object === null ? notFound : { status: 200, json: object };
    const [, , what = '', id = ''] = path.split('/');
    const intent = stripeStore.intents.get(id);
    switch (what) {
      case 'settle': {
        const session = stripeStore.sessions.get(id);
        const isSettled =
          session !== undefined &&
          settleSession(stripeStore, session, text(form, 'outcome') === 'paid', emit);
        return isSettled ? done(session) : notFound;
      }
      case 'refund': {
        const amount = text(form, 'amount');
        const cents = amount === undefined ? undefined : Number(amount);
        return done(intent === undefined ? null : refundIntent(stripeStore, intent, cents, emit));
      }
      case 'fail-refund': {
        const refund = stripeStore.refunds.get(id);
        if (refund !== undefined) failRefund(stripeStore, refund, emit);
        return done(refund);
      }
      case 'dispute':
        return done(intent === undefined ? null : disputeIntent(stripeStore, intent, emit));
      case 'close-dispute': {
        const dispute = stripeStore.disputes.get(id);
        if (dispute !== undefined)
          closeDispute(dispute, text(form, 'outcome') === 'won' ? 'won' : 'lost', emit);
        return done(dispute);
      }
      case 'return-coins': {
        const payment = cryptoStore.payments.get(id);
        if (payment !== undefined) returnPayment(payment, notify);
        return done(payment);
      }
      case 'target':
        deliveries.setTarget(text(form, 'url') ?? null);
        return done({});
      default:
        return notFound;
    }
  }

  function route(exchange: Exchange): Reply {
    const { method, path } = exchange;
    if (path.startsWith('/v1/')) return stripeCall(exchange);
    if (path.startsWith('/nowpayments/v1/')) return cryptoCall(exchange);
    if (path.startsWith('/pay/')) return payPage(exchange);
    if (path.startsWith('/crypto/')) return cryptoPage(exchange);
    if (path === '/paid') return { status: 200, html: paidPage() };
    if (path === '/emulator/deliveries') return { status: 200, json: deliveries.list() };
    if (path.startsWith('/emulator/') && method === 'POST') return doing(path, readForm(exchange.body));
    return notFound;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await readExchange(request, `http://${request.headers.host ?? '127.0.0.1'}`);
    const reply: Reply = exchange === null ? { status: 413, json: {} } : route(exchange);
    response.writeHead(reply.status, {
      'content-type': reply.html === undefined ? 'application/json' : 'text/html; charset=utf-8',
      ...(reply.location === undefined ? {} : { location: reply.location }),
    });
    response.end(reply.html ?? JSON.stringify(reply.json ?? {}));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { type: 'invalid_request_error', message } }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the emulator has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    setTarget: (url) => deliveries.setTarget(url),
    deliveries: () => deliveries.list(),
    async stop() {
      deliveries.stop();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}
