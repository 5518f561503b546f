export * from './ai-reservations.ts';
export * from './audit.ts';
export * from './balances.ts';
export * from './bonus-claims.ts';
export * from './invoices.ts';
export * from './ledger-refusal.ts';
export * from './ledger-statement.ts';
export * from './transactions.ts';
