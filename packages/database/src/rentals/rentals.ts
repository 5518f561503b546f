import { and, desc, eq, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { ledgerTransactions, marketListings, rentals, serverGrants, servers } from '../schema.ts';
import type { Scope } from '../scope.ts';

export type RentalRow = Readonly<typeof rentals.$inferSelect>;

const RENTALS_MAX = 1000;

const serverColumns = {
  id: servers.id,
  name: servers.name,
  country: servers.country,
  region: servers.region,
  city: servers.city,
  datacenter: servers.datacenter,
  maxContainers: servers.maxContainers,
  factsJson: servers.factsJson,
  containersUsed: sql<number>`(select count(*) from containers c where c.server_id = ${servers.id} and c.deleted_at is null and c.is_prespawn = 0)`,
};
const listingColumns = {
  slots: marketListings.slots,
  model: marketListings.model,
  isVm: marketListings.isVm,
  specsJson: marketListings.specsJson,
  pricesJson: marketListings.pricesJson,
};

function selectRentals(database: Database) {
  return database
    .select({
      rental: rentals,
      server: serverColumns,
      listing: listingColumns,
      /** How many other rentals of the server are not over. */
      neighbours: sql<number>`(select count(*) from rentals n where n.server_id = ${rentals.serverId} and n.id <> ${rentals.id} and n.status <> 'ended')`,
      transaction: {
        id: ledgerTransactions.id,
        amountMicros: ledgerTransactions.amountMicros,
        createdAt: ledgerTransactions.createdAt,
      },
    })
    .from(rentals)
    .innerJoin(servers, eq(servers.id, rentals.serverId))
    .leftJoin(marketListings, eq(marketListings.serverId, rentals.serverId))
    .leftJoin(ledgerTransactions, eq(ledgerTransactions.id, rentals.transactionId));
}

/** A rental with what other tables know of it. */
export type RentalListing = Readonly<Awaited<ReturnType<typeof selectRentals>>[number]>;

/** The condition under which a rental exists for the caller: theirs and, when a realm is active, rented in it. */
function rentalVisible(scope: Scope): SQL | undefined {
  return and(
    eq(rentals.userId, scope.userId),
    scope.realmId === null ? undefined : eq(rentals.realmId, scope.realmId),
  );
}

/** The caller's rentals, the newest first; those that ended long ago included. */
export function listRentals(database: Database, scope: Scope): Promise<RentalListing[]> {
  return selectRentals(database)
    .where(rentalVisible(scope))
    .orderBy(desc(rentals.createdAt), desc(rentals.id))
    .limit(RENTALS_MAX);
}

/** One rental of the caller's: by its own id, or the one that is not over by its server's. */
export async function findRental(
  database: Database,
  scope: Scope,
  id: string,
): Promise<RentalListing | null> {
  const [row] = await selectRentals(database)
    .where(
      and(
        rentalVisible(scope),
        or(eq(rentals.id, id), and(eq(rentals.serverId, id), ne(rentals.status, 'ended'))),
      ),
    )
    .limit(1);
  return row ?? null;
}

function selectGrants(database: Database, scope: Scope, serverId: string | null) {
  return database
    .select({ grantedAt: serverGrants.createdAt, server: serverColumns, listing: listingColumns })
    .from(serverGrants)
    .innerJoin(servers, eq(servers.id, serverGrants.serverId))
    .leftJoin(marketListings, eq(marketListings.serverId, serverGrants.serverId))
    .where(
      and(
        eq(serverGrants.userId, scope.userId),
        isNull(serverGrants.rentalId),
        // What was given belongs to the account, not to a realm.
        scope.realmId === null ? undefined : sql`0`,
        serverId === null ? undefined : eq(serverGrants.serverId, serverId),
      ),
    )
    .orderBy(desc(serverGrants.createdAt))
    .limit(RENTALS_MAX);
}

/** A server that the caller was given and does not pay for. */
export type GrantedServer = Readonly<Awaited<ReturnType<typeof selectGrants>>[number]>;

/** The servers that the caller was given: seen on the base host. */
export function listGrantedServers(database: Database, scope: Scope): Promise<GrantedServer[]> {
  return selectGrants(database, scope, null);
}

/** One server that the caller was given, or null. */
export async function findGrantedServer(
  database: Database,
  scope: Scope,
  serverId: string,
): Promise<GrantedServer | null> {
  const [row] = await selectGrants(database, scope, serverId);
  return row ?? null;
}
