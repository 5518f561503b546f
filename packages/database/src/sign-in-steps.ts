import { and, eq, gt, inArray, lt } from 'drizzle-orm';
import type { Database } from './client.ts';
import { signInSteps } from './schema.ts';

export type SignInStep = Readonly<typeof signInSteps.$inferSelect>;
export type SignInStepKind = SignInStep['kind'];

/** What a new step must say; everything else is null unless given. Times in Unix milliseconds. */
export type NewSignInStep = Pick<SignInStep, 'secretHash' | 'kind' | 'expiresAt' | 'createdAt'> &
  Partial<SignInStep>;

/** Adds a step of a sign-in under way. */
export async function addSignInStep(database: Database, step: NewSignInStep): Promise<void> {
  await database.insert(signInSteps).values(step);
}

function living(kind: SignInStepKind, secretHash: string, now: number) {
  return and(
    eq(signInSteps.secretHash, secretHash),
    eq(signInSteps.kind, kind),
    gt(signInSteps.expiresAt, now),
  );
}

/** The living step of that kind and secret, which stays; null when unknown, taken or expired. */
export async function findSignInStep(
  database: Database,
  kind: SignInStepKind,
  secretHash: string,
  now: number,
): Promise<SignInStep | null> {
  const [step] = await database
    .select()
    .from(signInSteps)
    .where(living(kind, secretHash, now));
  return step ?? null;
}

/** Takes a living step: of two callers only one gets it. Null when unknown, taken or expired. */
export async function takeSignInStep(
  database: Database,
  kind: SignInStepKind,
  secretHash: string,
  now: number,
): Promise<SignInStep | null> {
  const [step] = await database
    .delete(signInSteps)
    .where(living(kind, secretHash, now))
    .returning();
  return step ?? null;
}

/** Removes a step of one of the kinds, if it is there. */
export async function dropSignInStep(
  database: Database,
  kinds: readonly SignInStepKind[],
  secretHash: string,
): Promise<void> {
  await database
    .delete(signInSteps)
    .where(and(eq(signInSteps.secretHash, secretHash), inArray(signInSteps.kind, [...kinds])));
}

/** Deletes expired steps; returns how many. */
export async function sweepSignInSteps(database: Database, now: number): Promise<number> {
  const result = await database.delete(signInSteps).where(lt(signInSteps.expiresAt, now));
  return result.rowsAffected;
}
