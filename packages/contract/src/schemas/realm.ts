import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, QueryBooleanDefaultFalse } from './scalars.ts';

export const ListRealmsQuery = lazy(() => z.object({ include_usage: QueryBooleanDefaultFalse() }));

/** `usage` by realm id. */
export const RealmListData = lazy(() =>
  z.object({
    realm_ids: z.array(ObjectId()),
    total: Count(),
    usage: z
      .record(
        z.string(),
        z.object({ projects: Count(), containers: Count(), servers: Count(), auth_tokens: Count() }),
      )
      .optional(),
  }),
);
