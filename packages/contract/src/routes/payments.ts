import { AMOUNT_ERRORS } from '../errors.ts';
import { type RouteDefinition, defineRoute } from '../route.ts';
import * as payment from '../schemas/payment.ts';

const tag = 'wallet';

const OPENING_ERRORS = [
  ...AMOUNT_ERRORS,
  'IDEMPOTENCY_INTENT_MISMATCH',
  'PAYMENT_PROVIDER_NOT_CONFIGURED',
  'PAYMENT_PROVIDER_UNAVAILABLE',
  'RATE_LIMIT_EXCEEDED',
] as const;

const opening = {
  method: 'POST',
  tag,
  auth: 'bearer',
  body: payment.NewPaymentBody,
  success: [201],
  errors: OPENING_ERRORS,
  fieldErrors: { 'body.amount': 'AMOUNT_INVALID' },
} as const;

const listing = {
  method: 'GET',
  tag,
  auth: 'bearer',
  query: payment.ListPaymentIntentsQuery,
  success: [200],
  data: payment.PaymentIntentListData,
  errors: [],
} as const;

const getting = {
  method: 'GET',
  tag,
  auth: 'bearer',
  params: payment.PaymentIntentParams,
  success: [200],
  data: payment.PaymentIntent,
  errors: ['RESOURCE_NOT_FOUND'],
} as const;

export const walletGetPaymentAvailability = defineRoute({
  operationId: 'wallet.getPaymentAvailability',
  method: 'GET',
  path: '/api/v1/wallet/payment-availability',
  tag,
  summary: 'Get the ways to pay and their limits',
  auth: 'bearer',
  success: [200],
  data: payment.PaymentAvailability,
  errors: [],
});

export const walletCreateStripeCheckout = defineRoute({
  operationId: 'wallet.createStripeCheckout',
  path: '/api/v1/wallet/payments/stripe/checkout',
  summary: 'Begin a payment by card; the page to pay at is in the answer',
  ...opening,
  data: payment.StripeCheckoutData,
});

export const walletListStripePaymentIntents = defineRoute({
  operationId: 'wallet.listStripePaymentIntents',
  path: '/api/v1/wallet/payments/stripe/intents',
  summary: 'List payments by card, newest first',
  ...listing,
});

export const walletGetStripePaymentIntent = defineRoute({
  operationId: 'wallet.getStripePaymentIntent',
  path: '/api/v1/wallet/payments/stripe/intents/{id}',
  summary: 'Get a payment by card',
  ...getting,
});

export const walletCreateCryptoInvoice = defineRoute({
  operationId: 'wallet.createCryptoInvoice',
  path: '/api/v1/wallet/payments/crypto/invoice',
  summary: 'Begin a payment in a crypto currency; the page to pay at is in the answer',
  ...opening,
  data: payment.CryptoInvoiceData,
});

export const walletListCryptoPaymentIntents = defineRoute({
  operationId: 'wallet.listCryptoPaymentIntents',
  path: '/api/v1/wallet/payments/crypto/intents',
  summary: 'List payments in crypto currencies, newest first',
  ...listing,
});

export const walletGetCryptoPaymentIntent = defineRoute({
  operationId: 'wallet.getCryptoPaymentIntent',
  path: '/api/v1/wallet/payments/crypto/intents/{id}',
  summary: 'Get a payment in a crypto currency',
  ...getting,
});

export const walletCreateBankTransfer = defineRoute({
  operationId: 'wallet.createBankTransfer',
  path: '/api/v1/wallet/payments/bank/transfers',
  summary: 'Begin a payment by bank transfer; what to write into it is in the answer',
  ...opening,
  data: payment.BankTransferData,
  extension: true,
});

export const walletListBankPaymentIntents = defineRoute({
  operationId: 'wallet.listBankPaymentIntents',
  path: '/api/v1/wallet/payments/bank/intents',
  summary: 'List payments by bank transfer, newest first',
  ...listing,
  extension: true,
});

export const walletGetBankPaymentIntent = defineRoute({
  operationId: 'wallet.getBankPaymentIntent',
  path: '/api/v1/wallet/payments/bank/intents/{id}',
  summary: 'Get a payment by bank transfer',
  ...getting,
  extension: true,
});

export const walletBookBankTransfer = defineRoute({
  operationId: 'wallet.bookBankTransfer',
  method: 'POST',
  path: '/api/v1/wallet/payments/bank/bookings',
  tag,
  summary: "Book a line of the bank's statement; administrators only",
  auth: 'jwt',
  body: payment.BankBookingBody,
  success: [201],
  data: payment.BankBookingData,
  errors: [...AMOUNT_ERRORS, 'RESOURCE_NOT_FOUND', 'BANK_BOOKING_CONFLICT', 'WEBHOOK_BUSY'],
  fieldErrors: { 'body.amount': 'AMOUNT_INVALID' },
  extension: true,
});

export const PAYMENT_ROUTES: readonly RouteDefinition[] = [
  walletGetPaymentAvailability,
  walletCreateStripeCheckout,
  walletListStripePaymentIntents,
  walletGetStripePaymentIntent,
  walletCreateCryptoInvoice,
  walletListCryptoPaymentIntents,
  walletGetCryptoPaymentIntent,
  walletCreateBankTransfer,
  walletListBankPaymentIntents,
  walletGetBankPaymentIntent,
  walletBookBankTransfer,
];
