import { fail, ok, type Result } from '@control-plane/contract/errors';
import { INVOICE_FIELDS, type InvoiceCondition, type InvoiceField } from '@control-plane/database';
import { MICROS_PER_USD } from '@control-plane/ledger';
import * as z from 'zod';

const CONDITIONS_MAX = 20;
const VALUES_MAX = 100;

const DATES: ReadonlySet<InvoiceField> = new Set([
  'issue_date',
  'due_date',
  'paid_date',
  'created_at',
  'updated_at',
]);

const Scalar = z.union([z.string().max(200), z.number(), z.null()]);
const Operators = z.strictObject({
  eq: Scalar.optional(),
  ne: Scalar.optional(),
  gt: Scalar.optional(),
  gte: Scalar.optional(),
  lt: Scalar.optional(),
  lte: Scalar.optional(),
  like: z.string().max(200).optional(),
  in: z.array(Scalar).max(VALUES_MAX).optional(),
});
/** `{"status": "paid", "amount": {"gte": 10, "lt": 50}}` */
const Filter = z.record(z.string(), z.union([Scalar, Operators]));

/**
 * Reads the filter of a list: an object of fields, each with a value (equal to it) or with operators. Amounts
 * are dollars, dates ISO 8601. `like` takes `%` and `_`; without either it looks for the text anywhere.
 *
 * @returns conditions in stored terms; a field or operator that there is not is refused by name
 */
export function parseInvoiceFilter(text: string | undefined): Result<InvoiceCondition[]> {
  if (text === undefined || text.trim() === '') return ok([]);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused('the filter is no valid JSON');
  }
  const parsed = Filter.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused(`${issue?.path.join('.') ?? ''} must be a value, or operators of ${OPERATOR_NAMES}`);
  }
  const conditions: InvoiceCondition[] = [];
  for (const [name, wanted] of Object.entries(parsed.data)) {
    const field = INVOICE_FIELDS.find((known) => known === name);
    if (field === undefined) return refused(`there is no field ${name}`);
    const operators = typeof wanted === 'object' && wanted !== null ? wanted : { eq: wanted };
    for (const [operator, value] of Object.entries(operators)) {
      const condition = conditionOf(field, operator, value);
      if (condition === null) return refused(`${field}.${operator} has a value that does not fit`);
      conditions.push(condition);
    }
  }
  return conditions.length > CONDITIONS_MAX
    ? refused(`there are more than ${CONDITIONS_MAX} conditions`)
    : ok(conditions);
}

const OPERATOR_NAMES = Object.keys(Operators.shape).join(', ');

function conditionOf(field: InvoiceField, operator: string, value: unknown): InvoiceCondition | null {
  if (operator === 'like') {
    if (typeof value !== 'string' || DATES.has(field) || field === 'amount') return null;
    return { field, operator, value: /[%_]/.test(value) ? value : `%${value}%` };
  }
  if (operator === 'in') {
    if (!Array.isArray(value)) return null;
    const values = value.map((each: unknown) => storedValue(field, each));
    return values.every((each) => each !== null) ? { field, operator, value: values } : null;
  }
  const stored = storedValue(field, value);
  if (stored === null && value !== null) return null;
  switch (operator) {
    case 'eq':
    case 'ne':
      return { field, operator, value: stored };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return stored === null ? null : { field, operator, value: stored };
    default:
      return null;
  }
}

/** A value as its column stores it; null when it is none for this field. */
function storedValue(field: InvoiceField, value: unknown): string | number | null {
  if (field === 'amount') {
    const dollars = typeof value === 'string' && /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : value;
    return typeof dollars === 'number' && Number.isFinite(dollars)
      ? Math.round(dollars * MICROS_PER_USD)
      : null;
  }
  if (typeof value !== 'string') return null;
  if (!DATES.has(field)) return value;
  const unixMs = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(unixMs) ? null : unixMs;
}

function refused(why: string): Result<never> {
  return fail('VALIDATION_ERROR', `The filter can't be used: ${why}`, {
    data: [{ instancePath: '/filter', message: why }],
  });
}
