/** What the tests of rentals begin with: servers on the market, renters with money, and a way through time. */
import {
  hashSecret,
  newAuthToken,
  parseJwtKeys,
  permissionTree,
  secureRandom,
  signAccessToken,
} from '@control-plane/auth';
import type { PermissionLeaf } from '@control-plane/contract/permissions';
import { schema, type Database } from '@control-plane/database';
import { eq, sql } from 'drizzle-orm';
import { loadSecrets } from '../../scripts/stack/secrets.ts';
import type { Stack } from '../../scripts/stack/stack.ts';
import { ApiClient } from '../support/api-client.ts';
import { databaseOf, fund, newId } from './wallet-stage.ts';

export interface Renter {
  readonly id: string;
  readonly api: ApiClient;
  readonly projectId: string;
}

export interface RentalStage {
  readonly stack: Stack;
  readonly database: Database;
  /** A user of their own, with a project and so many cents. */
  newRenter(cents?: number): Promise<Renter>;
  /** A client with a token of the renter's that has just these leaves. */
  withToken(
    renter: Renter,
    leaves: readonly PermissionLeaf[],
    realmIds?: readonly string[],
  ): Promise<ApiClient>;
  /** A further server on the market that no host stands behind. */
  newServer(listing?: Partial<typeof schema.marketListings.$inferInsert>): Promise<string>;
  /** Moves a rental's whole course into the past, so that it ends `ms` from now. */
  endsIn(rentalId: string, ms: number): Promise<void>;
  eventsOf(userId: string): Promise<{ eventType: string; payload: Record<string, unknown> }[]>;
}

export const DAY_MS = 24 * 3_600_000;

export async function rentalStage(stack: Stack): Promise<RentalStage> {
  const database = databaseOf(stack);
  const keys = await parseJwtKeys((await loadSecrets(stack.data.secretsFile)).jwt_keys);
  const times = () => ({ createdAt: Date.now(), updatedAt: Date.now() });

  return {
    stack,
    database,
    async newRenter(cents = 0) {
      const [id, projectId] = [newId(), newId()];
      const names = { email: `${id}@example.test`, username: id, passwordHash: 'unusable' };
      await database.batch([
        database.insert(schema.users).values({ id, ...names, emailVerified: true, ...times() }),
        database
          .insert(schema.projects)
          .values({ id: projectId, userId: id, alias: 'default', color: '#FFFFFF', ...times() }),
      ]);
      if (cents > 0) await fund(database, id, cents);
      const subject = { userId: id, sessionGeneration: 1 };
      const { token } = await signAccessToken(keys, subject, Date.now(), secureRandom);
      return { id, projectId, api: new ApiClient(stack, token) };
    },
    async withToken(renter, leaves, realmIds = []) {
      const secret = newAuthToken({ random: secureRandom });
      await database.insert(schema.authTokens).values({
        id: secret.id,
        userId: renter.id,
        alias: secret.id,
        secretHash: hashSecret(secret.text),
        realmIdsJson: JSON.stringify(realmIds),
        permissionsJson: JSON.stringify(permissionTree(leaves)),
        ...times(),
      });
      return new ApiClient(stack, secret.text);
    },
    async newServer(listing = {}) {
      const id = newId();
      await database.batch([
        database.insert(schema.servers).values({
          id,
          name: `server-${id}`,
          publicKey: 'ab'.repeat(32),
          isReady: true,
          country: 'Testland',
          ...times(),
        }),
        database
          .insert(schema.marketListings)
          .values({ serverId: id, pricesJson: '{"1":100,"7":500,"30":1500}', ...times(), ...listing }),
      ]);
      return id;
    },
    async endsIn(rentalId, ms) {
      const [rental] = await database.select().from(schema.rentals).where(eq(schema.rentals.id, rentalId));
      if (rental === undefined) throw new Error(`there is no rental ${rentalId}`);
      const shift = Date.now() + ms - rental.endsAt;
      await database.batch([
        database
          .update(schema.rentals)
          .set({ startsAt: sql`starts_at + ${shift}`, endsAt: sql`ends_at + ${shift}` })
          .where(eq(schema.rentals.id, rentalId)),
        database
          .update(schema.serverGrants)
          .set({ expiresAt: sql`expires_at + ${shift}` })
          .where(eq(schema.serverGrants.rentalId, rentalId)),
        database
          .update(schema.containers)
          .set({ serverExpiredAt: sql`server_expired_at + ${shift}` })
          .where(eq(schema.containers.userId, rental.userId)),
      ]);
    },
    async eventsOf(userId) {
      const rows = await database
        .select()
        .from(schema.events)
        .where(eq(schema.events.userId, userId))
        .orderBy(schema.events.createdAt);
      return rows.map(({ eventType, payloadJson }) => ({
        eventType,
        payload: JSON.parse(payloadJson) as Record<string, unknown>,
      }));
    },
  };
}
