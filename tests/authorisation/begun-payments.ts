/** A payment of each kind and a payment method, for the rows of the matrix that name one. */
import { newObjectId, secureRandom } from '@control-plane/auth';
import { schema } from '@control-plane/database';
import { REALM, type World } from './world.ts';

export interface BegunPayments {
  readonly stripeIntentId: string;
  readonly cryptoIntentId: string;
  readonly bankIntentId: string;
  readonly paymentMethodId: string;
}

/** Payments that the user began on the realm's host; a payment method belongs to the whole account. */
export async function beginPayments({ database }: World, userId: string): Promise<BegunPayments> {
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  const begin = async (provider: 'stripe' | 'nowpayments' | 'bank'): Promise<string> => {
    const id = newObjectId(secureRandom);
    const intent = { id, userId, realmId: REALM, provider, amountCents: 1000, currency: 'USD', ...times };
    await database.insert(schema.paymentIntents).values({ ...intent, status: 'pending' });
    return id;
  };
  const paymentMethodId = newObjectId(secureRandom);
  await database.insert(schema.paymentMethods).values({
    id: paymentMethodId,
    userId,
    type: 'bank_transfer',
    name: 'IBAN',
    status: 'active',
    detailsJson: '{}',
    ...times,
  });
  return {
    stripeIntentId: await begin('stripe'),
    cryptoIntentId: await begin('nowpayments'),
    bankIntentId: await begin('bank'),
    paymentMethodId,
  };
}
