/** What containers used of metered servers. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, Timestamp, queryInteger } from './scalars.ts';

const usage = () => ({
  compute_ms: Count(),
  memory_ms: Count(),
  storage_ms: Count(),
  cost_micros: Count(),
});

export const UsageQuery = lazy(() => z.object({ hours: queryInteger(1, 24 * 31).default(24) }));

/** Spans of at most an hour, the newest first. Costs in micro-dollars. */
export const ContainerUsage = lazy(() =>
  z.object({
    container_id: ObjectId(),
    total: z.object(usage()),
    intervals: z.array(
      z.object({ rental_id: ObjectId(), starts_at: Timestamp(), ends_at: Timestamp(), ...usage() }),
    ),
  }),
);

export const ProjectUsage = lazy(() =>
  z.object({
    project_id: ObjectId(),
    total: z.object(usage()),
    containers: z.array(z.object({ container_id: ObjectId(), ...usage() })),
  }),
);
