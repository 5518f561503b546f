import type { Placeholder } from 'drizzle-orm';

/**
 * Who asks, and from which realm. Each repository call that reads or changes a tenant's resources takes a
 * scope and puts it into its query, so that a handler can't forget it. Hidden and missing look the same.
 */
export interface Scope {
  readonly userId: string;
  /** Active realm (24 hex digits): only resources that carry it are visible. Null: the base host, all of them. */
  readonly realmId: string | null;
}

/** A scope whose values may be the placeholders of a query that is built once and run often. */
export interface ScopeTerms {
  readonly userId: string | Placeholder;
  readonly realmId: string | Placeholder | null;
}

/** Ordered: each level includes those before it; owners have all. */
export type AccessLevel = 'read' | 'edit' | 'delete';
