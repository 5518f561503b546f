/** What the host link says about copies: where the data of a machine comes from, and how far it has come. */
import * as z from 'zod';
import { lazy } from './lazy.ts';
import { count, objectId } from './link-scalars.ts';

/** A raw Ed25519 public key: 64 hex digits. */
export const publicKeyHex = lazy(() => z.string().regex(/^[0-9a-f]{64}$/));
/** Name of a copy point: `copy-` and 24 hex digits. */
export const CopyPointName = lazy(() => z.string().regex(/^copy-[0-9a-f]{24}$/));

/** Where other daemons reach this one for transfers. */
export const TransferEndpoint = lazy(() =>
  z.strictObject({
    addresses: z.array(z.string().min(1).max(255)).min(1).max(16),
    port: z.number().int().min(1).max(65_535),
  }),
);
export type TransferEndpoint = z.infer<ReturnType<typeof TransferEndpoint>>;

/** `copy-in`, `sync-in`: the machine that the data comes from, and how its host is reached. */
export const CopySource = lazy(() =>
  z.strictObject({
    container_id: objectId(),
    server_id: objectId(),
    /** Where the source's daemon listens; null: the source is on this host and nothing is transferred. */
    endpoint: TransferEndpoint().nullable(),
    /** The source host's key, which its certificate must bear. */
    public_key: publicKeyHex(),
    /** Signed by the control plane; null exactly when `endpoint` is. */
    ticket: z.string().max(4096).nullable(),
    /** Whether the copy point holds memory. */
    stateful: z.boolean(),
    /** Size of the copy point, for the look at the room before anything is written. */
    size_bytes: count(),
  }),
);
export type CopySource = z.infer<ReturnType<typeof CopySource>>;

/** Result of `copy-out`: what there is to be copied. */
export const CopyPointFacts = lazy(() =>
  z.strictObject({ name: CopyPointName(), stateful: z.boolean(), size_bytes: count() }),
);
export type CopyPointFacts = z.infer<ReturnType<typeof CopyPointFacts>>;

/** How far a transfer has come; estimates are absent while nothing can be said. */
export const TransferProgress = lazy(() =>
  z.strictObject({
    bytes_done: count(),
    bytes_total: count().optional(),
    bytes_per_second: count().optional(),
    remaining_ms: count().optional(),
  }),
);
export type TransferProgress = z.infer<ReturnType<typeof TransferProgress>>;

/** A key by which the control plane signs transfer tickets. */
export const TicketKey = lazy(() =>
  z.strictObject({ kid: z.string().min(1).max(64), public_key: publicKeyHex() }),
);
export type TicketKey = z.infer<ReturnType<typeof TicketKey>>;
