import {
  addPaymentMethod,
  findCustomerOwner,
  forgetMethodIfSettled,
  forgetProviderMethod,
  settleForeignEvent,
  type Database,
  type ReceivedEvent,
} from '@control-plane/database';
import { digestId } from './digest-id.ts';
import type { PaymentReading } from './payment-reading.ts';

const METHOD_FORGOTTEN = 'payment_method.detached';

/**
 * A card that was saved or removed at the provider: the list of payment methods follows. Repeating it
 * changes nothing, so the two writes need no transaction around them.
 */
export async function settleMethodEvent(
  database: Database,
  event: ReceivedEvent,
  reading: Extract<PaymentReading, { kind: 'method_saved' | 'method_forgotten' }>,
  now: number,
): Promise<'applied' | 'unmatched'> {
  if (reading.kind === 'method_forgotten') {
    await settleForeignEvent(database, event, 'applied', reading.providerMethodId, [], now);
    await forgetProviderMethod(database, reading.providerMethodId);
    return 'applied';
  }
  const { customerId, providerMethodId, name, details } = reading.method;
  const userId = await findCustomerOwner(database, event.provider, customerId);
  if (userId === null) {
    await settleForeignEvent(database, event, 'unmatched', customerId, [], now);
    return 'unmatched';
  }
  await addPaymentMethod(database, {
    id: digestId(`payment method ${providerMethodId}`),
    userId,
    type: 'credit_card',
    name,
    detailsJson: JSON.stringify(details),
    isDefault: false,
    providerMethodId,
    createdAt: now,
  });
  // Behind the addition: whichever of the two events comes last, a removed card is gone in the end.
  await forgetMethodIfSettled(database, providerMethodId, METHOD_FORGOTTEN);
  await settleForeignEvent(database, event, 'applied', providerMethodId, [], now);
  return 'applied';
}
