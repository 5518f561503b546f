/** Events: one record for each thing that happened, in the words that clients subscribe to. */
import * as z from 'zod';
import { lazy } from './lazy.ts';
import { FreeObject, ObjectId, RealmIds, Timestamp } from './schemas/scalars.ts';

/** Event types of the compatible contract. */
export const CONTRACT_EVENT_TYPES = [
  'container.creating',
  'container.running',
  'container.stopped',
  'container.failed',
  'container.deleting',
  'container.deleted',
  'container.autostart_enabled',
  'container.autostart_disabled',
  'container.renamed',
  'container.resource_updated',
  'container.ssh_key.added',
  'container.ssh_key.removed',
  'container.snapshot.created',
  'container.snapshot.deleted',
  'container.snapshot.restored',
  'container.snapshot.renamed',
  'container.display.enabled',
  'storage.share.created',
  'storage.share.updated',
  'storage.share.deleted',
  'storage.share.enabled',
  'storage.share.disabled',
  'storage.share.expiring_soon',
  'storage.share.expired',
  'storage.share.mount_changed',
  'notification.created',
  'notification.read',
  'notification.deleted',
  'project.created',
  'project.updated',
  'project.deleted',
  'server.created',
  'server.updated',
  'server.enabled',
  'server.disabled',
  'server.health_changed',
  'server.rental_expiring',
  'firewall.rule.added',
  'firewall.rule.removed',
  'firewall.rule.updated',
  'firewall.rule.enabled',
  'firewall.rule.disabled',
  'proxy.alias.created',
  'proxy.alias.updated',
  'proxy.alias.deleted',
  'proxy.alias.enabled',
  'proxy.alias.disabled',
  'proxy.alias.expiring_soon',
  'proxy.alias.expired',
  'proxy.permissions.updated',
  'proxy.permissions.default_changed',
  'proxy.permissions.group_added',
  'proxy.permissions.group_updated',
  'proxy.permissions.group_removed',
  'auth.token.created',
  'auth.token.updated',
  'auth.token.deleted',
  'auth.token.enabled',
  'auth.token.disabled',
  'pool.member.joined',
  'pool.member.left',
  'pool.member.role_changed',
  'pool.invited',
  'pool.invitation_revoked',
  'user.created',
  'user.banned',
  'user.unbanned',
  'user.role_changed',
  'activity.logged',
] as const;

/**
 * Our own: transitions that the compatible contract has a status for but no event. Clients that don't
 * know a type pass it by.
 */
export const EXTENSION_EVENT_TYPES = [
  'container.paused',
  'container.resumed',
  'container.restarted',
  'container.copying',
  'container.copied',
  'container.synced',
  'container.operation_progress',
  'container.claiming',
  'container.operation_failed',
  'server.rented',
  'server.rental_extended',
  'server.rental_expired',
  'server.rental_ended',
  'server.usage_unpaid',
  'server.usage_paid',
  'payment.updated',
] as const;

export const EVENT_TYPES = [...CONTRACT_EVENT_TYPES, ...EXTENSION_EVENT_TYPES] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const EVENT_RESOURCE_TYPES = [
  'container',
  'storage_share',
  'notification',
  'project',
  'server',
  'firewall',
  'proxy_alias',
  'proxy_permissions',
  'auth_token',
  'pool',
  'user',
  'activity_log',
] as const;
export type EventResourceType = (typeof EVENT_RESOURCE_TYPES)[number];

/** An event as it is stored and answered. `payload` holds the resource's ids under their usual names. */
export const EventRecord = lazy(() =>
  z.object({
    id: ObjectId(),
    event_type: z.enum(EVENT_TYPES),
    resource_type: z.enum(EVENT_RESOURCE_TYPES),
    resource_id: z.string(),
    user_id: ObjectId(),
    payload: FreeObject(),
    realm_ids: RealmIds(),
    created_at: Timestamp(),
  }),
);
export type EventRecord = z.infer<ReturnType<typeof EventRecord>>;
