import { DrizzleQueryError } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { ledgerRefusal } from './ledger-refusal.ts';

const refused = new Error('SQLITE_CONSTRAINT: ledger: INSUFFICIENT_BALANCE');
const query = (params: string[], cause: Error) => new DrizzleQueryError('insert', params, cause);

it('is found in an error and in what caused it', () => {
  expect(ledgerRefusal(refused)).toBe('INSUFFICIENT_BALANCE');
  expect(ledgerRefusal(query([], refused))).toBe('INSUFFICIENT_BALANCE');
  expect(ledgerRefusal(new Error('ledger: UNBALANCED'))).toBeNull();
  expect(ledgerRefusal('ledger: DEBT_OVERPAID')).toBeNull();
});

it('is never what a client wrote into a value of the query', () => {
  const written = ['ledger: DUPLICATE_TRANSACTION'];
  expect(ledgerRefusal(query(written, new Error('the connection was lost')))).toBeNull();
  expect(ledgerRefusal(query(written, refused))).toBe('INSUFFICIENT_BALANCE');
});
