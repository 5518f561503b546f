import type { Operation } from '../../operation.ts';
import { addPaymentMethod } from './add-payment-method.ts';
import { deletePaymentMethod } from './delete-payment-method.ts';
import { getPaymentMethod } from './get-payment-method.ts';
import { listPaymentMethods } from './list-payment-methods.ts';
import { setDefaultPaymentMethod } from './set-default-payment-method.ts';
import { updatePaymentMethod } from './update-payment-method.ts';

export const paymentMethodOperations: readonly Operation[] = [
  listPaymentMethods,
  addPaymentMethod,
  getPaymentMethod,
  updatePaymentMethod,
  deletePaymentMethod,
  setDefaultPaymentMethod,
];
