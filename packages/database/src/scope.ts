/**
 * Who asks, and from which realm. Each repository call that reads or changes a tenant's resources takes a
 * scope and puts it into its query, so that a handler can't forget it. Hidden and missing look the same.
 */
export interface Scope {
  readonly userId: string;
  /** Active realm (24 hex digits): only resources that carry it are visible. Null: the base host, all of them. */
  readonly realmId: string | null;
}

/** Ordered: each level includes those before it; owners have all. */
export type AccessLevel = 'read' | 'edit' | 'delete';
