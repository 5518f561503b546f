import { expireAiReservations, openDatabase } from '@control-plane/database';
import { randomObjectId } from '@control-plane/serving';
import type { Env } from '../env.ts';

/** Frees AI credit that was set aside for calls that nobody settled; run by the cron. */
export async function expireReservations(env: Env): Promise<void> {
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  await expireAiReservations(database, Date.now(), randomObjectId);
}
