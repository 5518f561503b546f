/** How busy a rented server is: all of it, or the caller's part of a shared one. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { Timestamp } from './scalars.ts';

const figure = () => z.number().nullable();
const look = () => ({ ts: Timestamp(), cache_age_ms: z.number(), stale: z.boolean() });

export const RuntimeServerScope = lazy(() =>
  z.object({
    scope: z.literal('server'),
    ...look(),
    uptime_s: figure(),
    cores: figure(),
    load: z.object({ 1: figure(), 5: figure(), 15: figure() }),
    cpu: z.object({ busy_pct: figure() }),
    mem: z.object({ used_bytes: figure(), total_bytes: figure(), pct: figure() }),
    swap: z.object({ used_bytes: figure(), total_bytes: figure() }),
    storage: z.object({ used_bytes: figure(), total_bytes: figure(), pct: figure() }),
  }),
);

const RuntimeSubserverScope = lazy(() =>
  z.object({
    scope: z.literal('subserver'),
    ...look(),
    health: z.enum(['ok', 'unverified']),
    cpu: z.object({ usage_cores: figure(), usage_pct: figure(), limit_cores: figure() }),
    mem: z.object({ used_bytes: figure(), limit_bytes: figure(), pct: figure() }),
    disk: z.object({ used_bytes: figure(), limit_bytes: figure(), pct: figure() }),
    pids: z.object({ current: figure(), max: figure() }),
    io: z.object({ read_bytes: figure(), write_bytes: figure() }),
  }),
);

export const RentalRuntime = lazy(() => z.union([RuntimeServerScope(), RuntimeSubserverScope()]));
