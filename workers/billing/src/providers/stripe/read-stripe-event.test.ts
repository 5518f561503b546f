import { expect, it } from 'vitest';
import { readStripeEvent } from './read-stripe-event.ts';

const read = (type: string, object: object) => readStripeEvent(JSON.stringify({ type, data: { object } }));

it.each([
  ['dollars', { currency: 'usd' }, true],
  ['another currency', { currency: 'eur' }, false],
  ['no currency', {}, false],
  ['null for a currency', { currency: null }, false],
])('what is stated in %s moves money: %s %s', (_, currency, isMoved) => {
  const session = { id: 'cs_1', payment_status: 'paid', amount_total: 500, ...currency };
  const receipt = isMoved ? { stage: 'received', amountCents: 500 } : { stage: 'unclear', amountCents: 0 };
  expect(read('checkout.session.completed', session)).toMatchObject({ facts: [receipt] });

  const charge = { id: 'ch_1', amount: 500, amount_refunded: 200, ...currency };
  expect(read('charge.refunded', charge)).toMatchObject({
    facts: isMoved ? [receipt, { kind: 'refund_total', amountCents: 200 }] : [receipt],
  });

  const back = { id: 'x_1', charge: 'ch_1', amount: 300, ...currency };
  expect(read('refund.created', { ...back, status: 'succeeded' })).toMatchObject({
    facts: isMoved ? [{ kind: 'refund', amountCents: 300 }] : [],
  });
  expect(read('charge.dispute.created', { ...back, status: 'needs_response' })).toMatchObject({
    facts: isMoved ? [{ kind: 'dispute', amountCents: 300 }] : [],
  });
});
