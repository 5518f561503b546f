/** Leaf schemas that every resource shares: ids, times, colours, and what a query string can carry. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';

/** Id of any stored resource. */
export const ObjectId = lazy(() => z.string().regex(/^[0-9a-f]{24}$/, 'must be 24 lower-case hex digits'));

/** Id of an operation. */
export const OperationId = lazy(() => z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits'));

/** ISO 8601 UTC with milliseconds, for example `2026-01-31T12:00:00.000Z`. */
export const Timestamp = lazy(() => z.iso.datetime());

/** Whole number of things. */
export const Count = lazy(() => z.number().int().nonnegative());

/** A colour as clients send it: 3 or 6 hex digits, the `#` may be missing, case is free. */
export const ColorInput = lazy(() =>
  z
    .string()
    .regex(
      /^#[0-9A-Fa-f]{3}$|^#[0-9A-Fa-f]{6}$|^[0-9A-Fa-f]{3}$|^[0-9A-Fa-f]{6}$/,
      'must be 3 or 6 hex digits, with or without #',
    ),
);

/** A colour as it is stored and answered: `#` and upper-case digits. */
export const Color = lazy(() => z.string().regex(/^#[0-9A-F]{3,6}$/));

export const REALMS_MAX = 100;
/** Realms that a resource is a member of. */
export const RealmIds = lazy(() => z.array(ObjectId()).max(REALMS_MAX));

/** An object whose keys and values are free, for example metadata. */
export const FreeObject = lazy(() => z.record(z.string(), z.unknown()));

/** Path parameters of the many routes that name one resource. */
export const IdParams = lazy(() => z.strictObject({ id: ObjectId() }));

/** A free text of a query string. */
export const QueryText = lazy(() => z.string().max(200));

/**
 * A query flag that only knows the strings `true` and `false`; read as a boolean.
 * Container filters are declared like this in the contract.
 */
export const QueryFlag = lazy(() =>
  z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .pipe(z.boolean()),
);

/** A query boolean: `true` and `false`, as a boolean or as the word. */
export const QueryBoolean = lazy(() =>
  z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean()),
);

/** Turns a decimal number in a query string into a number; leaves anything else for the schema to refuse. */
function readNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
}

/** A whole number of a query string, `minimum` and `maximum` included. */
export function queryInteger(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  return z.preprocess(readNumber, z.number().int().min(minimum).max(maximum));
}

/** A decimal number of a query string, at most `maximum` when given. */
export function queryNumber(maximum?: number) {
  return z.preprocess(readNumber, maximum === undefined ? z.number() : z.number().max(maximum));
}

export const SortOrder = lazy(() => z.enum(['asc', 'desc']));

/** A query boolean that is false when absent. */
export const QueryBooleanDefaultFalse = lazy(() => QueryBoolean().default(false));

/** `page` (from 1) and `limit` of a paged list. */
export function pageQuery(limitDefault: number, limitMax = 100) {
  return {
    page: queryInteger(1).default(1),
    limit: queryInteger(1, limitMax).default(limitDefault),
  };
}

/** The counters of a paged list. */
export const PagePagination = lazy(() =>
  z.object({ total: Count(), page: Count(), limit: Count(), totalPages: Count() }),
);
