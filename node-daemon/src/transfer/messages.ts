/** What two daemons say to each other about one transfer. The target speaks first. */
import { HostErrorCode } from '@control-plane/contract/link';
import * as z from 'zod';

/** Snapshots that may travel with a copy, and the copy point. */
export const itemsMax = 1001;
const itemName = z.string().min(1).max(100);

/** The target's wish. The ticket says what it may have; names that differ from the ticket's are refused. */
export const Request = z.strictObject({
  type: z.literal('request'),
  version: z.literal(1),
  /** Id of the target's operation, 32 hex digits: who used a ticket may go on with it, nobody else. */
  session: z.string().regex(/^[0-9a-f]{32}$/),
  ticket: z.string().max(4096),
  container_id: z.string().max(100),
  copy_point: z.string().max(100),
  /** Items that came whole already. */
  have: z.array(itemName).max(itemsMax),
  /** From where the first item that is missing can go on. */
  resume_token: z.string().max(65_536).nullable(),
});
export type Request = z.infer<typeof Request>;

const Refused = z.strictObject({
  type: z.literal('refused'),
  code: HostErrorCode(),
  message: z.string().max(500),
});
/** Before each item's stream. */
const Item = z.strictObject({
  type: z.literal('item'),
  name: itemName,
  stateful: z.boolean(),
  size_bytes: z.number().int().nonnegative(),
  created_at: z.iso.datetime(),
  /** The item that the stream builds on; null: it is all of it, `size_bytes` long or more. */
  base: itemName.nullable(),
  /** Whether the stream goes on from the target's token. */
  resumed: z.boolean(),
});
export type Item = z.infer<typeof Item>;
/** After each item's stream: SHA-256 of it. */
const ItemEnd = z.strictObject({
  type: z.literal('item-end'),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
/** The answer to a request that is granted; `bytes_total` null: nobody can tell. */
const Granted = z.strictObject({
  type: z.literal('granted'),
  bytes_total: z.number().int().nonnegative().nullable(),
});
const End = z.strictObject({ type: z.literal('end') });

/** Anything that the source says. */
export const SourceMessage = z.discriminatedUnion('type', [Refused, Granted, Item, ItemEnd, End]);
export type SourceMessage = z.infer<typeof SourceMessage>;

/** The target has an item whole, or all of them. */
export const TargetMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('stored'), name: itemName }),
  z.strictObject({ type: z.literal('taken') }),
]);
