import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { DatabaseFailure } from './database-failure.ts';
import type { HranaValue } from './hrana-protocol.ts';

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;

/** A wire value as SQLite takes it; integers stay exact over their whole 64 bits. */
export function toSqlite(value: HranaValue): SQLInputValue {
  switch (value.type) {
    case 'null':
      return null;
    case 'integer': {
      const integer = BigInt(value.value);
      if (integer < INTEGER_MIN || integer > INTEGER_MAX) {
        throw new DatabaseFailure('an integer argument does not fit 64 bits', 'ARGS_INVALID');
      }
      return integer;
    }
    case 'float':
    case 'text':
      return value.value;
    case 'blob':
      return Buffer.from(value.base64, 'base64');
  }
}

/** A value of SQLite (read with big integers) as it goes over the wire; blobs as unpadded base64. */
export function fromSqlite(value: SQLOutputValue): HranaValue {
  if (value === null) return { type: 'null' };
  if (typeof value === 'bigint') return { type: 'integer', value: value.toString() };
  if (typeof value === 'string') return { type: 'text', value };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new DatabaseFailure('an infinite number has no form in JSON', 'VALUE_UNREPRESENTABLE');
    }
    return { type: 'float', value };
  }
  return { type: 'blob', base64: Buffer.from(value).toString('base64').replace(/=+$/, '') };
}
