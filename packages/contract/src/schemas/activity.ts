import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, QueryFlag, Timestamp, queryInteger } from './scalars.ts';

/** A time of a query string: ISO 8601, a date alone or with a time; read as Unix milliseconds. */
const QueryTime = lazy(() =>
  z
    .string()
    .max(40)
    .regex(/^\d{4}-\d{2}-\d{2}(?:$|T)/, 'must be an ISO 8601 date or time')
    .refine((text) => !Number.isNaN(Date.parse(text)), { error: 'must be an ISO 8601 date or time' })
    .transform((text) => Date.parse(text))
    .pipe(z.number()),
);

export const ListActivityQuery = lazy(() =>
  z.object({
    page: queryInteger(1, 10_001).default(1),
    limit: queryInteger(1, 100).default(50),
    start_date: QueryTime().optional(),
    end_date: QueryTime().optional(),
    errors_only: QueryFlag().optional(),
    min_status: queryInteger(100, 599).optional(),
    max_status: queryInteger(100, 599).optional(),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    realm_id: z
      .string()
      .regex(/^[a-f0-9]{24}$/, 'must be 24 lower-case hex digits')
      .optional(),
  }),
);

/** One authenticated request. `realm_id` when it was made on a realm's host. */
const ActivityLog = lazy(() =>
  z.object({
    id: ObjectId(),
    user_id: ObjectId(),
    realm_id: z.string().optional(),
    method: z.string(),
    path: z.string(),
    status_code: z.number(),
    ip_address: z.string(),
    user_agent: z.string().optional(),
    created_at: Timestamp(),
  }),
);

export const ActivityListData = lazy(() => z.array(ActivityLog()));

/** Counters that stand beside `data` in the envelope. */
export const metadataPagination = lazy(() => ({
  metadata: z.object({ total: Count(), page: Count(), limit: Count(), pages: Count() }),
}));

export const ActivityStatsData = lazy(() =>
  z.object({
    total_size_bytes: Count(),
    total_records: Count(),
    oldest_record: Timestamp().optional(),
    newest_record: Timestamp().optional(),
    retention_days: Count(),
  }),
);
