import { createClient } from '@libsql/client/web';
import type { LibSQLDatabase } from 'drizzle-orm/libsql';
import { drizzle } from 'drizzle-orm/libsql/web';
import * as schema from './schema.ts';

/** drizzle over libSQL: Turso in production, the embedded endpoint of the local stack otherwise. */
export type Database = LibSQLDatabase<typeof schema>;

/**
 * Opens a database. Cheap: no connection is made before the first query, each query is one HTTP request.
 *
 * @param url `libsql://…`, `https://…` or `http://127.0.0.1:…`
 * @param authToken bearer token of the endpoint; empty for none
 */
export function openDatabase(url: string, authToken: string): Database {
  const client = createClient({ url, ...(authToken === '' ? {} : { authToken }) });
  return drizzle(client, { schema });
}
