import { expect, it } from 'vitest';
import { readIpn } from './read-ipn.ts';

const finished = { payment_id: 7, payment_status: 'finished', price_amount: 10 };

it.each([
  ['dollars', { price_currency: 'USD' }, 'received', 1000],
  ['another currency', { price_currency: 'eur' }, 'unclear', 0],
  ['no currency', {}, 'unclear', 0],
  ['null for a currency', { price_currency: null }, 'unclear', 0],
])('a price in %s', (_, price, stage, amountCents) => {
  const reading = readIpn(JSON.stringify({ ...finished, ...price }));
  expect(reading).toMatchObject({
    kind: 'payment',
    facts: [{ kind: 'receipt', reference: '7', stage, amountCents }],
  });
});
