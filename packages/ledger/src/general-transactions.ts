import type { HouseKind } from './accounts.ts';
import { microsOfCents } from './money.ts';
import {
  generalTransaction,
  type AiTransactionType,
  type LedgerTransaction,
  type TransactionHead,
} from './transaction.ts';
import type { TransactionType } from './transaction-types.ts';

export type PaymentProvider = 'stripe' | 'nowpayments' | 'bank';

const CLEARING = {
  stripe: 'stripe_clearing',
  nowpayments: 'nowpayments_clearing',
  bank: 'bank_clearing',
} as const satisfies Record<PaymentProvider, HouseKind>;

/** The account through which a provider's money comes in. */
export function clearingAccount(provider: PaymentProvider): { readonly kind: HouseKind } {
  return { kind: CLEARING[provider] };
}

/** Money of a user's that a provider has confirmed. */
export function topUp(
  head: Omit<TransactionHead, 'type'> & { readonly provider: PaymentProvider; readonly cents: number },
): LedgerTransaction {
  const { provider, cents, ...rest } = head;
  const amountMicros = microsOfCents(cents);
  return generalTransaction({ ...rest, type: 'top_up' }, [
    { account: clearingAccount(provider), amountMicros: -amountMicros },
    { account: { kind: 'user_general', userId: head.userId }, amountMicros },
  ]);
}

/** One part of a charge and where it goes. */
export interface ChargeLine {
  readonly to: HouseKind;
  readonly cents: number;
}

/** Money that a user pays us out of the general balance. Lines of nothing are left out. */
export function charge(
  head: TransactionHead<Exclude<TransactionType, AiTransactionType>> & {
    readonly lines: readonly ChargeLine[];
  },
): LedgerTransaction {
  const { lines, ...rest } = head;
  const paid = lines.filter(({ cents }) => cents !== 0);
  const totalCents = paid.reduce((sum, { cents }) => sum + cents, 0);
  return generalTransaction(rest, [
    { account: { kind: 'user_general', userId: head.userId }, amountMicros: -microsOfCents(totalCents) },
    ...paid.map(({ to, cents }) => ({ account: { kind: to }, amountMicros: microsOfCents(cents) })),
  ]);
}

/** Money that we give: it comes out of what promotion costs us. */
export function grant(
  head: TransactionHead<'promotional_credit' | 'github_bonus'> & { readonly cents: number },
): LedgerTransaction {
  const { cents, ...rest } = head;
  const amountMicros = microsOfCents(cents);
  return generalTransaction(rest, [
    { account: { kind: 'promotional' }, amountMicros: -amountMicros },
    { account: { kind: 'user_general', userId: head.userId }, amountMicros },
  ]);
}
