import type { Operation } from './operation.ts';
import { invoiceOperations } from './routes/invoices/index.ts';
import { paymentMethodOperations } from './routes/payment-methods/index.ts';
import { paymentOperations } from './routes/payments/index.ts';
import { rentalOperations } from './routes/rentals/index.ts';
import { walletOperations } from './routes/wallet/index.ts';

/** Every route that this worker serves. */
export const OPERATIONS: readonly Operation[] = [
  ...walletOperations,
  ...paymentOperations,
  ...paymentMethodOperations,
  ...invoiceOperations,
  ...rentalOperations,
];
