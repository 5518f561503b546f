/** A container as the API answers it. */
import * as z from 'zod';
import { ContainerOperation, ContainerStatus } from '../container-status.ts';
import { lazy } from '../lazy.ts';
import { ContainerRuntimeInfo } from './container-runtime.ts';
import { EnvironmentVariables } from './environment.ts';
import { Failure, RunningOperation } from './operation.ts';
import { ProxyPermissionsDocument } from './proxy-permissions.ts';
import { Color, Count, FreeObject, ObjectId, PagePagination, RealmIds, Timestamp } from './scalars.ts';
import { RestoredAsAnswer } from './snapshot.ts';

const RamdiskScope = lazy(() => z.enum(['container', 'project']));

const ContainerServer = lazy(() =>
  z.object({
    name: z.string().optional(),
    country: z.string().optional(),
    country_name: z.string().optional(),
    city: z.string().optional(),
    region: z.string().optional(),
    datacenter: z.string().optional(),
    is_free: z.boolean().optional(),
    specs: z
      .object({
        cpu_cores: z.number().nullable().optional(),
        ram_gb: z.number().nullable().optional(),
        disk_gb: z.number().nullable().optional(),
        shared_compute: z.boolean().optional(),
      })
      .nullable()
      .optional(),
    expires_at: Timestamp().nullable().optional(),
  }),
);

const ContainerProxyDomain = lazy(() =>
  z.object({
    id: ObjectId(),
    alias: z.string().optional(),
    program: z.string().optional(),
    index: z.number().optional(),
    target_path: z.string().nullable().optional(),
    allow_path_override: z.boolean().optional(),
    expires_at: Timestamp().nullable().optional(),
    enabled: z.boolean().optional(),
    created_at: Timestamp().optional(),
    updated_at: Timestamp().optional(),
    url: z.string().nullable().optional(),
  }),
);

/** Beside a container when the query asks for it. */
const onRequest = () => ({
  runtime_info: ContainerRuntimeInfo().nullable().optional(),
  proxy_domains: z.array(ContainerProxyDomain()).optional(),
  has_proxy_permissions: z.boolean().optional(),
  proxy_permissions_scope: z.enum(['none', 'container', 'project', 'both']).optional(),
  has_proxy_domains: z.boolean().optional(),
  proxy_domains_count: Count().optional(),
  proxy_permissions: ProxyPermissionsDocument().optional(),
  project_proxy_permissions: ProxyPermissionsDocument().optional(),
});

/** Beside the fields of the compatible contract: what this implementation adds. */
const additions = () => ({
  /** CPU cores, fractions allowed; null: no limit. */
  cpu: z.number().nullable(),
  /** GiB of memory; null: no limit. */
  memory: z.number().nullable(),
  /** Service slug (`terminal`, `files`, `ssh`, …) to its URL. */
  urls: z.record(z.string(), z.string()),
  /** Grows each time the container's body is replaced. */
  incarnation: Count(),
  /** What runs on it now. */
  operation: RunningOperation().nullable(),
  /** Why its status is `failed`. */
  failure: Failure().nullable(),
  /** How the last restore brought it back; null: never restored. */
  last_restored_as: RestoredAsAnswer().nullable(),
});

/** The one shape of a container in every answer. */
export const Container = lazy(() =>
  z.object({
    id: ObjectId(),
    project_id: ObjectId(),
    project_alias: z.string().nullable(),
    server_id: ObjectId().nullable(),
    server_name: z.string().nullable(),
    subserver_name: z.string().optional(),
    server: ContainerServer().nullable(),
    ssh_hostname: z.string().nullable(),
    name: z.string(),
    color: Color(),
    container_image: z.string(),
    ai: z.boolean(),
    hoody_kit: z.boolean(),
    dev_kit: z.boolean(),
    kvm: z.boolean(),
    autostart: z.boolean(),
    ramdisk_scope: RamdiskScope(),
    ramdisk: z.boolean(),
    prespawn: z.boolean(),
    is_default: z.boolean(),
    status: ContainerStatus(),
    environment_vars: EnvironmentVariables(),
    volumes: FreeObject(),
    ssh_public_key: z.string().nullable(),
    comment: z.string().nullable(),
    source_container_id: ObjectId().nullable(),
    server_expired: z.boolean(),
    server_expired_at: Timestamp().nullable(),
    server_expired_reason: z.string().nullable(),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    realm_ids: RealmIds(),
    snapshot_count: Count(),
    last_used_snapshot: z.string().nullable(),
    pool_id: ObjectId().nullable(),
    ...additions(),
    ...onRequest(),
  }),
);

/** `containers.get`: the container and what its owner should know about it. */
export const ContainerDetail = lazy(() =>
  Container().extend({
    warnings: z
      .array(
        z.object({
          type: z.string().optional(),
          message: z.string().optional(),
          expired_at: Timestamp().nullable().optional(),
        }),
      )
      .optional(),
  }),
);

/** `containers.create`: the container, and how a wish for KVM was answered. */
export const ContainerCreated = lazy(() => Container().extend({ kvm_note: z.string().optional() }));

/** Answer to the change of a container's KVM access. */
export const ContainerKvm = lazy(() =>
  z.object({ id: ObjectId(), name: z.string(), status: ContainerStatus(), kvm: z.boolean() }),
);

export const ContainerListData = lazy(() =>
  z.object({ containers: z.array(Container()), pagination: PagePagination() }),
);

/** Answer to one of the six operations; a refused one carries it with `error: true`. */
export const ContainerOperationResult = lazy(() =>
  z.object({
    error: z.boolean(),
    operation: ContainerOperation(),
    container_id: ObjectId(),
    project_id: ObjectId(),
    message: z.string(),
    status: ContainerStatus(),
  }),
);

/** One transition. `from_status` is null in the first row; `duration_ms` is the time in `from_status`. */
const ContainerStatusLog = lazy(() =>
  z.object({
    id: ObjectId(),
    container_id: ObjectId(),
    from_status: ContainerStatus().nullable(),
    to_status: ContainerStatus(),
    transition_time: Timestamp(),
    duration_ms: z.number().nullable(),
    triggered_by: z.string(),
    metadata: FreeObject().nullable(),
  }),
);

export const ContainerStatusLogData = lazy(() =>
  z.object({ logs: z.array(ContainerStatusLog()), pagination: PagePagination() }),
);
