import { and, desc, eq, exists, gte, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { containerRealms, meteringIntervals } from '../schema.ts';
import type { Scope } from '../scope.ts';

export type MeteringInterval = Readonly<typeof meteringIntervals.$inferSelect>;

/** Longest time that is asked for at once, in intervals: a month of hours and their ragged ends. */
const INTERVALS_MAX = 24 * 31 + 100;

/**
 * A container's posted intervals that end after `since` (Unix ms), the newest first. Not scoped: the caller
 * has looked whether the container is theirs to see.
 */
export function listContainerUsage(
  database: Database,
  containerId: string,
  since: number,
): Promise<MeteringInterval[]> {
  return database
    .select()
    .from(meteringIntervals)
    .where(and(eq(meteringIntervals.containerId, containerId), gte(meteringIntervals.endsAt, since)))
    .orderBy(desc(meteringIntervals.startsAt))
    .limit(INTERVALS_MAX);
}

export interface ContainerUsageSum {
  readonly containerId: string;
  readonly computeMs: number;
  readonly memoryMs: number;
  readonly storageMs: number;
  /** In units of packages/rentals: more than a number holds exactly. */
  readonly costUnits: bigint;
}

const CONTAINERS_MAX = 1000;

/**
 * What each container of a project used since `since` (Unix ms), deleted ones included; in a realm only those
 * that carry it. The caller has looked whether the project is theirs to see.
 */
export async function sumProjectUsage(
  database: Database,
  scope: Pick<Scope, 'realmId'>,
  projectId: string,
  since: number,
): Promise<ContainerUsageSum[]> {
  const rows = await database
    .select({
      containerId: meteringIntervals.containerId,
      computeMs: sql<number>`sum(${meteringIntervals.computeMs})`,
      memoryMs: sql<number>`sum(${meteringIntervals.memoryMs})`,
      storageMs: sql<number>`sum(${meteringIntervals.storageMs})`,
      costUnits: sql<string>`cast(sum(${meteringIntervals.costUnits}) as text)`,
    })
    .from(meteringIntervals)
    .where(
      and(
        eq(meteringIntervals.projectId, projectId),
        gte(meteringIntervals.endsAt, since),
        scope.realmId === null
          ? undefined
          : exists(
              database
                .select({ one: sql`1` })
                .from(containerRealms)
                .where(
                  and(
                    eq(containerRealms.containerId, meteringIntervals.containerId),
                    eq(containerRealms.realmId, scope.realmId),
                  ),
                ),
            ),
      ),
    )
    .groupBy(meteringIntervals.containerId)
    .orderBy(desc(sql`sum(${meteringIntervals.costUnits})`))
    .limit(CONTAINERS_MAX);
  return rows.map((row) => ({ ...row, costUnits: BigInt(row.costUnits) }));
}
