import type { ContainerListing } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { AuthenticatedContext } from '../context.ts';
import { visibleRealms } from '../routes/realms/visible-realms.ts';
import { containerUrls, sshHostname } from './container-urls.ts';

const GIB = 1024 ** 3;

/**
 * The wire form of a container, as its caller may see it. `listing` gives what other tables know; `record`
 * is the container itself.
 */
export function presentContainer(
  { env, principal }: Pick<AuthenticatedContext, 'env' | 'principal'>,
  listing: ContainerListing,
  record: ContainerRecord = listing.record,
) {
  const { serverExpiredAt } = listing;
  return {
    id: record.id,
    project_id: record.projectId,
    project_alias: listing.projectAlias,
    server_id: record.serverId,
    server_name: record.serverName,
    server: presentServer(listing.server, listing.rentalEndsAt),
    ssh_hostname: sshHostname(record, env.API_DOMAIN),
    name: record.name,
    color: record.color,
    container_image: record.image,
    ai: record.ai,
    hoody_kit: record.hoodyKit,
    dev_kit: record.devKit,
    kvm: record.kvm,
    autostart: record.autostart,
    ramdisk_scope: record.ramdiskScope,
    ramdisk: record.ramdisk,
    prespawn: record.prespawn,
    is_default: record.isDefault,
    status: record.status,
    environment_vars: { ...record.environmentVars },
    volumes: {},
    ssh_public_key: record.sshPublicKey,
    comment: record.comment,
    source_container_id: record.sourceContainerId,
    server_expired: serverExpiredAt !== null,
    server_expired_at: serverExpiredAt === null ? null : isoTime(serverExpiredAt),
    server_expired_reason: serverExpiredAt === null ? null : 'rental_ended',
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
    realm_ids: visibleRealms(principal, record.realmIds),
    snapshot_count: record.snapshotCount,
    last_used_snapshot: record.lastUsedSnapshot,
    pool_id: null,
    cpu: record.cpu,
    memory: record.memory,
    urls: containerUrls(record, env.API_DOMAIN),
    incarnation: record.incarnation,
    operation:
      record.operation === null
        ? null
        : {
            id: record.operation.id,
            command: record.operation.command,
            started_at: isoTime(record.operation.startedAt),
          },
    failure: record.failure,
    last_restored_as: record.lastRestoredAs,
  };
}

function presentServer(server: ContainerListing['server'], rentalEndsAt: number | null) {
  if (server === null) return null;
  const facts = server.factsJson === null ? null : (JSON.parse(server.factsJson) as Record<string, unknown>);
  const gib = (bytes: unknown): number | null =>
    typeof bytes === 'number' ? Math.round((bytes / GIB) * 10) / 10 : null;
  return {
    name: server.name,
    ...(server.country === null ? {} : { country: server.country }),
    ...(server.region === null ? {} : { region: server.region }),
    ...(server.city === null ? {} : { city: server.city }),
    ...(server.datacenter === null ? {} : { datacenter: server.datacenter }),
    is_free: false,
    specs: {
      cpu_cores: typeof facts?.['cpu_cores'] === 'number' ? facts['cpu_cores'] : null,
      ram_gb: gib(facts?.['memory_bytes']),
      disk_gb: gib(facts?.['disk_bytes']),
      shared_compute: true,
    },
    expires_at: rentalEndsAt === null ? null : isoTime(rentalEndsAt),
  };
}

/** ISO 8601 UTC with milliseconds. */
export function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
