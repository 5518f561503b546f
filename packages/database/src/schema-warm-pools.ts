/** Which machines servers hold ready for new containers: see schema.ts for its conventions. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { createdAt, flag, updatedAt } from './schema-columns.ts';

/** One template of one server, 0 machines: no row. Rows of a server that is gone are passed over. */
export const warmPools = sqliteTable(
  'warm_pools',
  {
    serverId: text('server_id').notNull(),
    image: text('image').notNull(),
    ramdisk: flag('ramdisk').notNull(),
    /** Machines to hold ready. */
    size: integer('size').notNull(),
    createdAt,
    updatedAt,
  },
  (table) => [primaryKey({ columns: [table.serverId, table.image, table.ramdisk] })],
);
