import { type RouteDefinition, defineRoute } from '../route.ts';
import * as payment from '../schemas/payment.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'wallet';
const permission = 'financial.billing.manage_payment_methods';

export const walletListPaymentMethods = defineRoute({
  operationId: 'wallet.listPaymentMethods',
  method: 'GET',
  path: '/api/v1/wallet/payment-methods/',
  tag,
  summary: 'List payment methods',
  auth: 'bearer',
  success: [200],
  data: payment.PaymentMethodListData,
  errors: [],
});

export const walletAddPaymentMethod = defineRoute({
  operationId: 'wallet.addPaymentMethod',
  method: 'POST',
  path: '/api/v1/wallet/payment-methods/',
  tag,
  summary: "Add a payment method; a card by the provider's token of it",
  auth: 'bearer',
  permission,
  body: payment.AddPaymentMethodBody,
  success: [201],
  data: payment.PaymentMethod,
  errors: [
    'CARD_NUMBER_FORBIDDEN',
    'PAYMENT_METHOD_LIMIT_REACHED',
    'PAYMENT_PROVIDER_NOT_CONFIGURED',
    'PAYMENT_PROVIDER_UNAVAILABLE',
  ],
});

export const walletGetPaymentMethod = defineRoute({
  operationId: 'wallet.getPaymentMethod',
  method: 'GET',
  path: '/api/v1/wallet/payment-methods/{id}',
  tag,
  summary: 'Get a payment method',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: payment.PaymentMethod,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const walletUpdatePaymentMethod = defineRoute({
  operationId: 'wallet.updatePaymentMethod',
  method: 'PUT',
  path: '/api/v1/wallet/payment-methods/{id}',
  tag,
  summary: 'Change a payment method',
  auth: 'bearer',
  permission,
  params: IdParams,
  body: payment.UpdatePaymentMethodBody,
  success: [200],
  data: payment.PaymentMethod,
  errors: ['RESOURCE_NOT_FOUND', 'CARD_NUMBER_FORBIDDEN'],
  patchTwin: true,
});

export const walletDeletePaymentMethod = defineRoute({
  operationId: 'wallet.deletePaymentMethod',
  method: 'DELETE',
  path: '/api/v1/wallet/payment-methods/{id}',
  tag,
  summary: 'Delete a payment method; a saved card is removed at the provider as well',
  auth: 'bearer',
  permission,
  params: IdParams,
  success: [200],
  errors: ['RESOURCE_NOT_FOUND', 'PAYMENT_PROVIDER_UNAVAILABLE'],
});

export const walletSetDefaultPaymentMethod = defineRoute({
  operationId: 'wallet.setDefaultPaymentMethod',
  method: 'PUT',
  path: '/api/v1/wallet/payment-methods/{id}/default',
  tag,
  summary: 'Make a payment method the default',
  auth: 'bearer',
  permission,
  params: IdParams,
  success: [200],
  data: payment.PaymentMethod,
  errors: ['RESOURCE_NOT_FOUND'],
  patchTwin: true,
});

export const PAYMENT_METHOD_ROUTES: readonly RouteDefinition[] = [
  walletListPaymentMethods,
  walletAddPaymentMethod,
  walletGetPaymentMethod,
  walletUpdatePaymentMethod,
  walletDeletePaymentMethod,
  walletSetDefaultPaymentMethod,
];
