import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** The SQL storage of a Durable Object on real SQLite in memory, as far as the stores use it. For tests only. */
export function openSqlStorage(): SqlStorage {
  const database = new DatabaseSync(':memory:');
  const exec = (sql: string, ...values: SQLInputValue[]) => {
    const isSchema = sql.includes('CREATE');
    if (isSchema) database.exec(sql);
    const rows = isSchema ? [] : database.prepare(sql).all(...values);
    return { toArray: () => rows, one: () => rows[0] };
  };
  return { exec } as unknown as SqlStorage;
}
