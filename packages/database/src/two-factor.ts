import { and, count, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database } from './client.ts';
import { twoFactor, twoFactorBackupCodes, users } from './schema.ts';

export type TwoFactorRow = Readonly<typeof twoFactor.$inferSelect>;

/** A user's second factor, set up or in force (`verifiedAt`); null when there is none. */
export async function findTwoFactor(database: Database, userId: string): Promise<TwoFactorRow | null> {
  const [row] = await database.select().from(twoFactor).where(eq(twoFactor.userId, userId));
  return row ?? null;
}

/** Backup codes that a user has left. */
export async function countBackupCodes(database: Database, userId: string): Promise<number> {
  const [row] = await database
    .select({ left: count() })
    .from(twoFactorBackupCodes)
    .where(eq(twoFactorBackupCodes.userId, userId));
  return row?.left ?? 0;
}

/** The codes of a setup by their keyed hashes, as one JSON text. */
function insertCodes(database: Database, userId: string, hashes: readonly string[], now: number) {
  return database.run(sql`
    insert into ${twoFactorBackupCodes} (user_id, code_hash, created_at)
    select ${userId}, value, ${now} from json_each(${JSON.stringify(hashes)})
    where exists (select 1 from ${twoFactor} where user_id = ${userId})`);
}

export interface TwoFactorSetup {
  readonly userId: string;
  readonly sealedSecret: string;
  readonly backupCodeHashes: readonly string[];
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Sets a second factor up, in place of one that was never confirmed.
 *
 * @returns false when the user has one in force: nothing was changed
 */
export async function setUpTwoFactor(database: Database, setup: TwoFactorSetup): Promise<boolean> {
  const { userId, sealedSecret, backupCodeHashes, now } = setup;
  const isOurs = sql`exists (select 1 from ${twoFactor}
    where user_id = ${userId} and sealed_secret = ${sealedSecret} and verified_at is null)`;
  const results = await database.batch([
    database.delete(twoFactor).where(and(eq(twoFactor.userId, userId), isNull(twoFactor.verifiedAt))),
    database.insert(twoFactor).values({ userId, sealedSecret, createdAt: now }).onConflictDoNothing(),
    database.delete(twoFactorBackupCodes).where(and(eq(twoFactorBackupCodes.userId, userId), isOurs)),
    database.run(sql`
      insert into ${twoFactorBackupCodes} (user_id, code_hash, created_at)
      select ${userId}, value, ${now} from json_each(${JSON.stringify(backupCodeHashes)}) where ${isOurs}`),
    database
      .select({ sealedSecret: twoFactor.sealedSecret })
      .from(twoFactor)
      .where(eq(twoFactor.userId, userId)),
  ]);
  return results[4][0]?.sealedSecret === sealedSecret;
}

/**
 * Puts a second factor in force and ends every session that was opened without it.
 *
 * @param sealedSecret the setup that was confirmed: one that replaced it meanwhile stays unconfirmed
 * @param step time step of the confirming code, which is spent by this
 * @returns the new session generation, or null when there was nothing to confirm
 */
export async function confirmTwoFactor(
  database: Database,
  userId: string,
  sealedSecret: string,
  step: number,
  now: number,
): Promise<number | null> {
  const results = await database.batch([
    database
      .update(twoFactor)
      .set({ verifiedAt: now, lastUsedStep: step })
      .where(
        and(
          eq(twoFactor.userId, userId),
          eq(twoFactor.sealedSecret, sealedSecret),
          isNull(twoFactor.verifiedAt),
        ),
      )
      .returning({ userId: twoFactor.userId }),
    database
      .update(users)
      .set({ sessionGeneration: sql`${users.sessionGeneration} + 1`, updatedAt: now })
      .where(and(eq(users.id, userId), sql`changes() > 0`)),
    database.select({ generation: users.sessionGeneration }).from(users).where(eq(users.id, userId)),
  ]);
  return results[0].length === 0 ? null : (results[2][0]?.generation ?? null);
}

/** Removes a second factor and ends every session. The new session generation, or null: there was none. */
export async function removeTwoFactor(
  database: Database,
  userId: string,
  now: number,
): Promise<number | null> {
  const results = await database.batch([
    database
      .delete(twoFactor)
      .where(and(eq(twoFactor.userId, userId), isNotNull(twoFactor.verifiedAt)))
      .returning({ userId: twoFactor.userId }),
    database
      .update(users)
      .set({ sessionGeneration: sql`${users.sessionGeneration} + 1`, updatedAt: now })
      .where(and(eq(users.id, userId), sql`changes() > 0`)),
    database
      .delete(twoFactorBackupCodes)
      .where(
        and(
          eq(twoFactorBackupCodes.userId, userId),
          sql`not exists (select 1 from ${twoFactor} where user_id = ${userId})`,
        ),
      ),
    database.select({ generation: users.sessionGeneration }).from(users).where(eq(users.id, userId)),
  ]);
  return results[0].length === 0 ? null : (results[3][0]?.generation ?? null);
}

/** Spends a code's time step: false when it or a later one was spent before. Of two callers one wins. */
export async function spendTotpStep(database: Database, userId: string, step: number): Promise<boolean> {
  const result = await database
    .update(twoFactor)
    .set({ lastUsedStep: step })
    .where(
      and(eq(twoFactor.userId, userId), or(isNull(twoFactor.lastUsedStep), lt(twoFactor.lastUsedStep, step))),
    );
  return result.rowsAffected === 1;
}

/** Spends a backup code: false when there is none of that hash (any more). Of two callers one wins. */
export async function spendBackupCode(
  database: Database,
  userId: string,
  codeHash: string,
): Promise<boolean> {
  const result = await database
    .delete(twoFactorBackupCodes)
    .where(and(eq(twoFactorBackupCodes.userId, userId), eq(twoFactorBackupCodes.codeHash, codeHash)));
  return result.rowsAffected === 1;
}

/** Replaces all backup codes. */
export async function replaceBackupCodes(
  database: Database,
  userId: string,
  hashes: readonly string[],
  now: number,
): Promise<void> {
  await database.batch([
    database.delete(twoFactorBackupCodes).where(eq(twoFactorBackupCodes.userId, userId)),
    insertCodes(database, userId, hashes, now),
  ]);
}

/** Sets whether changing auth tokens by a session needs a code. */
export async function setTokenGate(database: Database, userId: string, isOn: boolean): Promise<void> {
  await database.update(twoFactor).set({ requireForTokens: isOn }).where(eq(twoFactor.userId, userId));
}
