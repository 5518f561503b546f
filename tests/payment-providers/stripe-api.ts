/** The part of Stripe's HTTP API that is used: https://docs.stripe.com/api */
import { text, texts, type Exchange, type Form, type Reply } from './http-exchange.ts';
import {
  nowSeconds,
  stripeId,
  testCard,
  type Customer,
  type Session,
  type StripeStore,
} from './stripe-objects.ts';
import { refundIntent, type Emit } from './stripe-payments.ts';

const SESSION_LIFETIME_S = 24 * 3600;
const ok = (json: unknown): Reply => ({ status: 200, json });
const missing = (what: string): Reply => ({
  status: 404,
  json: {
    error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${what}` },
  },
});
const refused = (message: string): Reply => ({
  status: 400,
  json: { error: { type: 'invalid_request_error', code: 'parameter_invalid', message } },
});

interface Call {
  readonly store: StripeStore;
  readonly emit: Emit;
  readonly form: Form;
  readonly exchange: Exchange;
  /** What the path's placeholder stands for. */
  readonly id: string;
}

function createCustomer({ store, form }: Call): Reply {
  const customer: Customer = {
    id: stripeId('cus'),
    object: 'customer',
    email: text(form, 'email') ?? null,
    metadata: texts(form, 'metadata'),
  };
  store.customers.set(customer.id, customer);
  return ok(customer);
}

function createSession({ store, form, exchange }: Call): Reply {
  const amount = Number(text(form, 'line_items', '0', 'price_data', 'unit_amount'));
  const quantity = Number(text(form, 'line_items', '0', 'quantity'));
  const currency = text(form, 'line_items', '0', 'price_data', 'currency') ?? '';
  const customer = text(form, 'customer') ?? null;
  if (!Number.isSafeInteger(amount * quantity) || amount * quantity < 50) return refused('Invalid amount');
  if (!/^[a-z]{3}$/.test(currency)) return refused('Invalid currency');
  if (customer !== null && !store.customers.has(customer)) return missing('customer');
  const id = `cs_test_${stripeId('x').slice(2)}`;
  const session: Session = {
    id,
    object: 'checkout.session',
    mode: 'payment',
    livemode: false,
    amount_total: amount * quantity,
    currency,
    customer,
    client_reference_id: text(form, 'client_reference_id') ?? null,
    metadata: texts(form, 'metadata'),
    success_url: text(form, 'success_url') ?? null,
    cancel_url: text(form, 'cancel_url') ?? null,
    expires_at: nowSeconds() + SESSION_LIFETIME_S,
    created: nowSeconds(),
    payment_intent: null,
    payment_status: 'unpaid',
    status: 'open',
    url: `${exchange.origin}/pay/${id}`,
  };
  store.sessions.set(id, session);
  store.intentMetadata.set(id, texts(form, 'payment_intent_data', 'metadata'));
  return ok(session);
}

function expireSession({ store, emit, id }: Call): Reply {
  const session = store.sessions.get(id);
  if (session === undefined) return missing('checkout.session');
  if (session.status !== 'open') return refused('Only open sessions can be expired');
  session.status = 'expired';
  session.url = null;
  emit('checkout.session.expired', session);
  return ok(session);
}

function createRefund({ store, emit, form }: Call): Reply {
  const intent = store.intents.get(text(form, 'payment_intent') ?? '');
  if (intent === undefined) return missing('payment_intent');
  const amount = text(form, 'amount');
  const refund = refundIntent(store, intent, amount === undefined ? undefined : Number(amount), emit);
  return refund === null ? refused('Refund amount is greater than what is left of the charge') : ok(refund);
}

function listRefunds({ store, exchange }: Call): Reply {
  const intent = exchange.query.get('payment_intent') ?? '';
  if (!store.intents.has(intent)) return missing('payment_intent');
  const data = [...store.refunds.values()].filter((refund) => refund.payment_intent === intent);
  return ok({ object: 'list', url: '/v1/refunds', has_more: false, data });
}

/** Any token that begins like one of Stripe's test cards stands for a card that nobody has attached yet. */
function attachMethod({ store, emit, form, id }: Call): Reply {
  const customer = text(form, 'customer') ?? '';
  if (!store.customers.has(customer)) return missing('customer');
  const method = store.methods.get(id) ?? (id.startsWith('pm_card_') ? testCard(id, null) : undefined);
  if (method === undefined) return missing('payment_method');
  method.customer = customer;
  store.methods.set(id, method);
  emit('payment_method.attached', method);
  return ok(method);
}

function detachMethod({ store, emit, id }: Call): Reply {
  const method = store.methods.get(id);
  if (method === undefined || method.customer === null) return missing('payment_method');
  method.customer = null;
  emit('payment_method.detached', method);
  return ok(method);
}

function found(name: string, store: ReadonlyMap<string, unknown>, id: string): Reply {
  const object = store.get(id);
  return object === undefined ? missing(name) : ok(object);
}

const ROUTES: readonly (readonly [string, RegExp, (call: Call) => Reply])[] = [
  ['POST', /^\/v1\/customers$/, createCustomer],
  ['POST', /^\/v1\/checkout\/sessions$/, createSession],
  ['GET', /^\/v1\/checkout\/sessions\/(\w+)$/, ({ store, id }) => found('session', store.sessions, id)],
  ['POST', /^\/v1\/checkout\/sessions\/(\w+)\/expire$/, expireSession],
  ['GET', /^\/v1\/payment_intents\/(\w+)$/, ({ store, id }) => found('payment_intent', store.intents, id)],
  ['POST', /^\/v1\/refunds$/, createRefund],
  ['GET', /^\/v1\/refunds$/, listRefunds],
  ['POST', /^\/v1\/payment_methods\/(\w+)\/attach$/, attachMethod],
  ['POST', /^\/v1\/payment_methods\/(\w+)\/detach$/, detachMethod],
];

/** The answer of the emulated API; null for a path that is none of its own. */
export function stripeReply(store: StripeStore, emit: Emit, exchange: Exchange, form: Form): Reply | null {
  for (const [method, pattern, handle] of ROUTES) {
    const match = pattern.exec(exchange.path);
    if (match !== null && method === exchange.method) {
      return handle({ store, emit, form, exchange, id: match[1] ?? '' });
    }
  }
  return null;
}
