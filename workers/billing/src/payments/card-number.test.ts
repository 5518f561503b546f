import { expect, it } from 'vitest';
import { holdsCardNumber } from './card-number.ts';

it.each([
  ['4242424242424242'],
  [{ number: '4242 4242 4242 4242' }],
  [{ deep: [{ note: 'my card is 5555-5555-5555-4444, thanks' }] }],
  [{ n: 4242424242424242 }],
  [{ cvc: '123' }],
  [{ card_number: 'later' }],
])('%j is refused', (value) => expect(holdsCardNumber(value)).toBe(true));

it.each([
  [{ payment_method_id: 'pm_1N4242424242' }],
  [{ last4: '4242', exp_month: 12, exp_year: 2030 }],
  [{ iban: 'DE89 3704 0044 0532 0130 00' }],
  [{ phone: '+49 30 901820' }],
  ['1234567890123456'],
  [undefined],
  [{}],
])('%j is taken', (value) => expect(holdsCardNumber(value)).toBe(false));
