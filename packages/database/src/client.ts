import { createClient } from '@libsql/client/web';
import type { LibSQLDatabase } from 'drizzle-orm/libsql';
import { drizzle } from 'drizzle-orm/libsql/web';

/** drizzle over libSQL: Turso in production, the embedded endpoint of the local stack otherwise. */
export type Database = LibSQLDatabase;

/**
 * The client's own queue is switched off (0 would mean its default): a queue would make one request wait
 * for another's answer, and requests of one isolate must not depend on each other.
 */
const CONCURRENCY = 1_000_000;

let opened: { readonly url: string; readonly authToken: string; readonly database: Database } | undefined;

/**
 * The database at `url`. Each query is one HTTP request and nothing is kept between them, so that one
 * client serves all requests of an isolate; queries that are built once stay built (see `prepared`).
 *
 * @param url `libsql://…`, `https://…` or `http://127.0.0.1:…`
 * @param authToken bearer token of the endpoint; empty for none
 * @param service how requests get there, when not by the runtime's own fetch
 */
export function openDatabase(
  url: string,
  authToken: string,
  service?: { readonly fetch: typeof fetch },
): Database {
  if (opened?.url !== url || opened.authToken !== authToken) {
    const client = createClient({
      url,
      concurrency: CONCURRENCY,
      ...(authToken === '' ? {} : { authToken }),
      ...(service === undefined ? {} : { fetch: (request: Request) => service.fetch(request) }),
    });
    // No schema: its relational configuration costs time and nothing uses it.
    opened = { url, authToken, database: drizzle(client) };
  }
  return opened.database;
}

/**
 * Builds a query once per database instead of once per call, for the few that every request makes; its
 * values are placeholders. Building one costs more than running it.
 */
export function prepared<Query>(build: (database: Database) => Query): (database: Database) => Query {
  const built = new WeakMap<Database, Query>();
  return (database) => {
    let query = built.get(database);
    if (query === undefined) {
      query = build(database);
      built.set(database, query);
    }
    return query;
  };
}
