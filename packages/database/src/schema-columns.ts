import { integer } from 'drizzle-orm/sqlite-core';

/** A boolean column. */
export const flag = (name: string) => integer(name, { mode: 'boolean' });

/** Unix milliseconds. */
export const createdAt = integer('created_at').notNull();
export const updatedAt = integer('updated_at').notNull();
