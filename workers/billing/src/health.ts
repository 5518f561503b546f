import { openDatabase } from '@control-plane/database';
import { sql } from 'drizzle-orm';
import type { Env } from './env.ts';

const DATABASE_TIMEOUT_MS = 2000;

/** Rejects after `milliseconds`; the query itself can't be aborted and is left to end. */
function timeout(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('timed out')), milliseconds);
  });
}

/** `GET /internal/health`: 200 whenever the worker runs, with what it finds of its database. */
export async function healthResponse(env: Env): Promise<Response> {
  try {
    const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
    await Promise.race([database.run(sql`select 1`), timeout(DATABASE_TIMEOUT_MS)]);
    return Response.json({ database: { up: true } });
  } catch (error) {
    console.error(
      JSON.stringify({
        level: 'error',
        message: 'database unreachable',
        error: error instanceof Error ? error.message : String(error),
      }),
    );
    return Response.json({ database: { up: false, detail: 'query failed' } });
  }
}
