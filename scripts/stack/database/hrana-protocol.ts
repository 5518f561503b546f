/**
 * Request bodies of libSQL's Hrana pipeline over HTTP, versions 2 and 3 in JSON
 * (https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md), and their bounds.
 */
import * as z from 'zod';

const SQL_LENGTH_MAX = 1_000_000;
const ARGUMENTS_MAX = 32_766;
const STEPS_MAX = 1000;
const REQUESTS_MAX = 200;

const sql = z.string().max(SQL_LENGTH_MAX);
const sqlId = z.number().int();

const HranaValue = z.discriminatedUnion('type', [
  z.object({ type: z.literal('null') }),
  z.object({ type: z.literal('integer'), value: z.string().regex(/^-?\d{1,19}$/) }),
  z.object({ type: z.literal('float'), value: z.number() }),
  z.object({ type: z.literal('text'), value: z.string() }),
  z.object({ type: z.literal('blob'), base64: z.string() }),
]);
export type HranaValue = z.infer<typeof HranaValue>;

const HranaStatement = z.object({
  sql: sql.nullish(),
  sql_id: sqlId.nullish(),
  args: z.array(HranaValue).max(ARGUMENTS_MAX).nullish(),
  named_args: z
    .array(z.object({ name: z.string(), value: HranaValue }))
    .max(ARGUMENTS_MAX)
    .nullish(),
  want_rows: z.boolean().nullish(),
});
export type HranaStatement = z.infer<typeof HranaStatement>;

/** When a step of a batch runs; steps are named by their position. */
export type HranaCondition =
  | { type: 'ok' | 'error'; step: number }
  | { type: 'not'; cond: HranaCondition }
  | { type: 'and' | 'or'; conds: HranaCondition[] }
  | { type: 'is_autocommit' };

const HranaCondition: z.ZodType<HranaCondition> = z.lazy(() =>
  z.union([
    z.object({ type: z.enum(['ok', 'error']), step: z.number().int().nonnegative() }),
    z.object({ type: z.literal('not'), cond: HranaCondition }),
    z.object({ type: z.enum(['and', 'or']), conds: z.array(HranaCondition).max(STEPS_MAX) }),
    z.object({ type: z.literal('is_autocommit') }),
  ]),
);

const HranaBatch = z.object({
  steps: z.array(z.object({ condition: HranaCondition.nullish(), stmt: HranaStatement })).max(STEPS_MAX),
});
export type HranaBatch = z.infer<typeof HranaBatch>;

const sqlReference = { sql: sql.nullish(), sql_id: sqlId.nullish() };
const HranaRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('close') }),
  z.object({ type: z.literal('execute'), stmt: HranaStatement }),
  z.object({ type: z.literal('batch'), batch: HranaBatch }),
  z.object({ type: z.literal('sequence'), ...sqlReference }),
  z.object({ type: z.literal('describe'), ...sqlReference }),
  z.object({ type: z.literal('store_sql'), sql_id: sqlId, sql }),
  z.object({ type: z.literal('close_sql'), sql_id: sqlId }),
  z.object({ type: z.literal('get_autocommit') }),
]);
export type HranaRequest = z.infer<typeof HranaRequest>;

/** Body of `POST /v2/pipeline` and `/v3/pipeline`. */
export const PipelineRequest = z.object({
  baton: z.string().max(100).nullish(),
  requests: z.array(HranaRequest).max(REQUESTS_MAX),
});

export interface HranaStatementResult {
  readonly cols: readonly { readonly name: string; readonly decltype: string | null }[];
  readonly rows: readonly (readonly HranaValue[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

export interface HranaError {
  readonly message: string;
  readonly code: string;
}
