import { insertActivity, openDatabase, type Database } from '@control-plane/database';
import type { ServingEnv } from '../env.ts';
import { randomObjectId } from '../ids.ts';
import { createLogger, describeError } from '../log.ts';
import { ActivityBuffer, type FlushMeans } from './activity-buffer.ts';

const PATH_LENGTH_MAX = 1024;
const USER_AGENT_LENGTH_MAX = 255;

/** One for the isolate. */
const buffer = new ActivityBuffer((durationMs) => scheduler.wait(durationMs));

function meansOf(database: Database): Pick<FlushMeans, 'write' | 'lost'> {
  return {
    write: (entries) => insertActivity(database, entries),
    lost: (entries, cause) =>
      createLogger({ component: 'activity' }).error('activity not logged', {
        entries,
        error: describeError(cause),
      }),
  };
}

export interface ActivityFacts {
  readonly database: Database;
  readonly userId: string;
  readonly realmId: string | null;
  readonly clientAddress: string;
  readonly request: Request;
  readonly statusCode: number;
  /** Unix milliseconds. */
  readonly now: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/**
 * Logs an authenticated request. Its path is kept without the query, which may hold what is nobody's
 * business; what was answered counts, not what was sent.
 */
export function logActivity(facts: ActivityFacts): void {
  const { database, userId, realmId, clientAddress, request, statusCode, now, waitUntil } = facts;
  const entry = {
    id: randomObjectId(),
    userId,
    realmId,
    method: request.method,
    path: new URL(request.url).pathname.slice(0, PATH_LENGTH_MAX),
    statusCode,
    clientAddress,
    userAgent: request.headers.get('user-agent')?.slice(0, USER_AGENT_LENGTH_MAX) ?? null,
    createdAt: now,
  };
  buffer.add(entry, { ...meansOf(database), waitUntil }, now);
}

/** Writes what still waits in this isolate; for an orderly end. */
export function drainActivity(
  env: Pick<ServingEnv, 'DATABASE' | 'DATABASE_URL' | 'DATABASE_TOKEN'>,
): Promise<void> {
  return buffer.drain(meansOf(openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE)));
}
