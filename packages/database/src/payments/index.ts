export * from './payment-customers.ts';
export { readEventSituation, type EventAddress, type EventSituation } from './event-situation.ts';
export * from './payment-events.ts';
export {
  beginPaymentIntent,
  failAbandonedIntents,
  findIntentByReference,
  findPaymentIntent,
  listPaymentIntents,
  openPaymentIntent,
  type NewPaymentIntent,
  type OpenedPayment,
  type PaymentIntentRow,
} from './payment-intents.ts';
export * from './payment-methods.ts';
export {
  findReceivedEvent,
  isSettledOutcome,
  keepReceivedEvent,
  listInbox,
  noteFailedTry,
  type InboxFilter,
  type InboxRow,
  type ReceivedEvent,
} from './webhook-inbox.ts';
