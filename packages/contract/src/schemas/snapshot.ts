import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Count, ObjectId, Timestamp } from './scalars.ts';

export const SNAPSHOT_ALIAS_LENGTH_MAX = 100;
export const SNAPSHOT_EXPIRY_DAYS_MAX = 3650;

/** Name that the server gave, for example `snap-20260131-120000`. */
export const SnapshotName = lazy(() =>
  z
    .string()
    .max(100)
    .regex(/^[a-zA-Z0-9_-]+$/, "is a snapshot's name: letters, digits, - and _"),
);

/** How a machine came back: with its processes; booted anew from its disk; disk only, left stopped. */
export const RestoredAsAnswer = lazy(() => z.enum(['memory', 'cold', 'filesystem']));

/** `stateful`: holds memory and processes as well. `size` in bytes. */
export const Snapshot = lazy(() =>
  z.object({
    name: z.string(),
    alias: z.string().nullable(),
    created_at: Timestamp(),
    last_used_at: Timestamp().nullable(),
    expires_at: Timestamp().nullable(),
    stateful: z.boolean(),
    size: Count(),
  }),
);

export const SnapshotParams = lazy(() => z.strictObject({ id: ObjectId(), name: SnapshotName() }));

/**
 * `expiry` in whole days. `stateful` absent: with memory when the machine runs or is paused, without when
 * it is stopped; `true` is refused by name where the host can't hold memory.
 */
export const CreateSnapshotBody = lazy(() =>
  z.strictObject({
    alias: z.string().max(SNAPSHOT_ALIAS_LENGTH_MAX).nullish(),
    expiry: z.number().int().min(1).max(SNAPSHOT_EXPIRY_DAYS_MAX).nullish(),
    stateful: z.boolean().optional(),
  }),
);

/** null clears the alias. */
export const UpdateSnapshotAliasBody = lazy(() =>
  z.strictObject({ alias: z.string().max(SNAPSHOT_ALIAS_LENGTH_MAX).nullable() }),
);

export const SnapshotListData = lazy(() =>
  z.object({
    container_id: ObjectId(),
    project_id: ObjectId(),
    snapshot_count: Count(),
    /** null: no limit. */
    max_snapshots: Count().nullable(),
    snapshots: z.array(Snapshot()),
  }),
);

export const SnapshotResult = lazy(() =>
  z.object({ container_id: ObjectId(), project_id: ObjectId(), snapshot: Snapshot() }),
);

export const SnapshotRestored = lazy(() =>
  z.object({
    success: z.boolean(),
    message: z.string(),
    snapshot: Snapshot().nullable(),
    restored_as: RestoredAsAnswer(),
  }),
);

export const SnapshotDeleted = lazy(() =>
  z.object({ container_id: ObjectId(), project_id: ObjectId(), snapshot_name: z.string() }),
);
