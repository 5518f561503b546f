import type { Operation } from '../../operation.ts';
import { bookBankTransfer } from './book-bank-transfer.ts';
import { createBankTransfer } from './create-bank-transfer.ts';
import { createCryptoInvoice } from './create-crypto-invoice.ts';
import { createStripeCheckout } from './create-stripe-checkout.ts';
import { getBankPaymentIntent } from './get-bank-payment-intent.ts';
import { getCryptoPaymentIntent } from './get-crypto-payment-intent.ts';
import { getPaymentAvailability } from './get-payment-availability.ts';
import { getStripePaymentIntent } from './get-stripe-payment-intent.ts';
import { listBankPaymentIntents } from './list-bank-payment-intents.ts';
import { listCryptoPaymentIntents } from './list-crypto-payment-intents.ts';
import { listStripePaymentIntents } from './list-stripe-payment-intents.ts';

export const paymentOperations: readonly Operation[] = [
  getPaymentAvailability,
  createStripeCheckout,
  listStripePaymentIntents,
  getStripePaymentIntent,
  createCryptoInvoice,
  listCryptoPaymentIntents,
  getCryptoPaymentIntent,
  createBankTransfer,
  listBankPaymentIntents,
  getBankPaymentIntent,
  bookBankTransfer,
];
