import { and, eq, gt, isNull, lt, lte, or } from 'drizzle-orm';
import type { Database } from './client.ts';
import { deviceCodes } from './schema.ts';

export type DeviceCodeRow = Readonly<typeof deviceCodes.$inferSelect>;

export type NewDeviceCode = Pick<
  DeviceCodeRow,
  | 'deviceCodeHash'
  | 'userCodeHash'
  | 'clientName'
  | 'codeChallenge'
  | 'clientAddress'
  | 'expiresAt'
  | 'createdAt'
>;

/** Adds a device's sign-in. False: the user code is in use by another one, draw again. */
export async function addDeviceCode(database: Database, code: NewDeviceCode): Promise<boolean> {
  const result = await database.insert(deviceCodes).values(code).onConflictDoNothing();
  return result.rowsAffected === 1;
}

const pending = (now: number) => and(eq(deviceCodes.status, 'pending'), gt(deviceCodes.expiresAt, now));

/** The sign-in that a user code names while it waits for an answer; else null. */
export async function findPendingUserCode(
  database: Database,
  userCodeHash: string,
  now: number,
): Promise<DeviceCodeRow | null> {
  const [row] = await database
    .select()
    .from(deviceCodes)
    .where(and(eq(deviceCodes.userCodeHash, userCodeHash), pending(now)));
  return row ?? null;
}

/** The sign-in of a device code while it waits for an answer; else null. */
export async function findPendingDeviceCode(
  database: Database,
  deviceCodeHash: string,
  now: number,
): Promise<DeviceCodeRow | null> {
  const [row] = await database
    .select()
    .from(deviceCodes)
    .where(and(eq(deviceCodes.deviceCodeHash, deviceCodeHash), pending(now)));
  return row ?? null;
}

/** Answers a waiting sign-in for a user. False: it is expired or was answered before, which stands. */
export async function approveDeviceCode(
  database: Database,
  deviceCodeHash: string,
  user: { readonly id: string; readonly sessionGeneration: number },
  now: number,
): Promise<boolean> {
  const result = await database
    .update(deviceCodes)
    .set({ status: 'approved', userId: user.id, sessionGeneration: user.sessionGeneration })
    .where(and(eq(deviceCodes.deviceCodeHash, deviceCodeHash), pending(now)));
  return result.rowsAffected === 1;
}

/** Refuses a waiting sign-in; one that was answered stays so. Returns its status then, null: expired. */
export async function denyDeviceCode(
  database: Database,
  deviceCodeHash: string,
  now: number,
): Promise<DeviceCodeRow['status'] | null> {
  const mine = and(eq(deviceCodes.deviceCodeHash, deviceCodeHash), gt(deviceCodes.expiresAt, now));
  const results = await database.batch([
    database
      .update(deviceCodes)
      .set({ status: 'denied' })
      .where(and(mine, eq(deviceCodes.status, 'pending'))),
    database.select({ status: deviceCodes.status }).from(deviceCodes).where(mine),
  ]);
  return results[1][0]?.status ?? null;
}

/** What a poll finds: `early` when the last one is not `intervalMs` ago. */
export type DevicePoll =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'early' }
  | { readonly kind: 'counted'; readonly row: DeviceCodeRow };

/** Counts a poll of a device. An early one does not move the time of the next. */
export async function pollDeviceCode(
  database: Database,
  deviceCodeHash: string,
  intervalMs: number,
  now: number,
): Promise<DevicePoll> {
  const mine = and(eq(deviceCodes.deviceCodeHash, deviceCodeHash), gt(deviceCodes.expiresAt, now));
  const isDue = or(isNull(deviceCodes.polledAt), lte(deviceCodes.polledAt, now - intervalMs));
  const [row] = await database.update(deviceCodes).set({ polledAt: now }).where(and(mine, isDue)).returning();
  if (row !== undefined) return { kind: 'counted', row };
  const known = await database.select({ hash: deviceCodes.deviceCodeHash }).from(deviceCodes).where(mine);
  return { kind: known.length === 0 ? 'unknown' : 'early' };
}

/** Uses an approval up: of two callers only one gets it. */
export async function takeApprovedDeviceCode(
  database: Database,
  deviceCodeHash: string,
  now: number,
): Promise<DeviceCodeRow | null> {
  const [row] = await database
    .delete(deviceCodes)
    .where(
      and(
        eq(deviceCodes.deviceCodeHash, deviceCodeHash),
        eq(deviceCodes.status, 'approved'),
        gt(deviceCodes.expiresAt, now),
      ),
    )
    .returning();
  return row ?? null;
}

/** Deletes expired codes; returns how many. */
export async function sweepDeviceCodes(database: Database, now: number): Promise<number> {
  const result = await database.delete(deviceCodes).where(lt(deviceCodes.expiresAt, now));
  return result.rowsAffected;
}
