/** What clients send about containers. */
import * as z from 'zod';
import { ContainerOperation } from '../container-status.ts';
import { lazy } from '../lazy.ts';
import { RuntimeQuery } from './container-runtime.ts';
import { EnvironmentAtCreate, EnvironmentKey } from './environment.ts';
import { ColorInput, ObjectId, QueryFlag, RealmIds, SortOrder, pageQuery } from './scalars.ts';

export const CPU_CORES_MAX = 256;
export const MEMORY_GIB_MAX = 4096;
export const CONTAINER_COMMENT_LENGTH_MAX = 16_000;
export const SSH_PUBLIC_KEY_LENGTH_MAX = 16_384;

const nameAlphabet = /^[a-zA-Z0-9_-]+$/;
const nameMessage = 'may hold letters, digits, - and _';

const Cpu = lazy(() => z.number().gt(0).lte(CPU_CORES_MAX));
const Memory = lazy(() => z.number().gt(0).lte(MEMORY_GIB_MAX));
const Comment = lazy(() => z.string().max(CONTAINER_COMMENT_LENGTH_MAX));
const ContainerImage = lazy(() => z.string().min(1).max(100));

/** The name of a container that is being made. */
export const NewContainerName = lazy(() => z.string().min(3).max(100).regex(nameAlphabet, nameMessage));

/** A public key in OpenSSH's one-line form; the comment at its end may be missing. */
export const SshPublicKey = lazy(() =>
  z
    .string()
    .max(SSH_PUBLIC_KEY_LENGTH_MAX)
    .trim()
    .refine(
      (key) =>
        /^(?:sk-)?(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\.com)? AAAA[A-Za-z0-9+/]+={0,2}(?: [^\n\r\0]*)?$/.test(
          key,
        ),
      { error: 'must be a public key in OpenSSH format, such as "ssh-ed25519 AAAA… comment"' },
    ),
);

const CreateContainerFields = lazy(() =>
  z.strictObject({
    server_id: ObjectId(),
    /** Absent, null or `rand`: a name is made up. */
    name: NewContainerName().nullish(),
    color: ColorInput().nullish(),
    /** `debian/13` and its shorthands; null: the host's default. */
    container_image: ContainerImage().nullish(),
    ai: z.boolean().default(true),
    environment_vars: EnvironmentAtCreate().nullish(),
    ssh_public_key: SshPublicKey().nullish(),
    comment: Comment().nullish(),
    hoody_kit: z.boolean().default(true),
    /** Absent: as `hoody_kit`. */
    dev_kit: z.boolean().optional(),
    kvm: z.boolean().optional().meta({ default: false }),
    /** Another name of `kvm`. */
    dev_kvm: z.boolean().optional(),
    autostart: z.boolean().default(true),
    ramdisk: z.boolean().default(true),
    ramdisk_scope: z.enum(['container', 'project']).default('container'),
    cache: z.boolean().default(true),
    cache_image: z.boolean().default(false),
    prespawn: z.boolean().default(false),
    bypass_prespawn: z.boolean().default(false),
    realm_ids: RealmIds().nullish(),
    /** CPU cores, fractions allowed; absent or null: no limit. */
    cpu: Cpu().nullish(),
    /** GiB of memory; absent or null: no limit. */
    memory: Memory().nullish(),
  }),
);

/**
 * `kvm` and `dev_kvm` are the same wish and come back as `kvm`; sending both with different values is an
 * error.
 */
export const CreateContainerBody = lazy(() =>
  CreateContainerFields()
    .refine((body) => body.kvm === undefined || body.dev_kvm === undefined || body.kvm === body.dev_kvm, {
      error: 'kvm and dev_kvm are the same setting but differ',
      path: ['dev_kvm'],
    })
    .transform(({ dev_kvm: devKvm, ...body }) => ({ ...body, kvm: body.kvm ?? devKvm ?? false })),
);

/** An absent field stays as it is; null clears where null is allowed. */
export const UpdateContainerBody = lazy(() =>
  z.strictObject({
    name: z.string().min(1).max(100).regex(nameAlphabet, nameMessage).optional(),
    color: ColorInput().optional(),
    ai: z.boolean().optional(),
    autostart: z.boolean().optional(),
    ramdisk_scope: z.enum(['container', 'project']).optional(),
    ramdisk: z.boolean().optional(),
    environment_vars: EnvironmentAtCreate().optional(),
    ssh_public_key: SshPublicKey().nullable().optional(),
    comment: Comment().nullable().optional(),
    realm_ids: RealmIds().optional(),
    cpu: Cpu().nullable().optional(),
    memory: Memory().nullable().optional(),
  }),
);

/** `kvm` and `dev_kvm` are the same wish; one of them is needed. */
export const SetContainerKvmBody = lazy(() =>
  z
    .strictObject({ kvm: z.boolean().optional(), dev_kvm: z.boolean().optional() })
    .refine((body) => body.kvm !== undefined || body.dev_kvm !== undefined, { error: 'kvm is missing' })
    .refine((body) => body.kvm === undefined || body.dev_kvm === undefined || body.kvm === body.dev_kvm, {
      error: 'kvm and dev_kvm are the same setting but differ',
      path: ['dev_kvm'],
    })
    .transform(({ kvm, dev_kvm: devKvm }) => ({ kvm: kvm ?? devKvm ?? false })),
);

/** Fields of a container that clients know but can't change by an update. */
export const IMMUTABLE_CONTAINER_FIELDS = [
  'id',
  'project_id',
  'server_id',
  'container_image',
  'hoody_kit',
  'dev_kit',
  'kvm',
  'dev_kvm',
  'cache',
  'cache_image',
  'prespawn',
  'bypass_prespawn',
  'is_default',
  'status',
  'source_container_id',
  'pool_id',
  'incarnation',
  'created_at',
  'updated_at',
] as const;

const detailFlags = () => ({
  runtime: RuntimeQuery().optional(),
  include_proxy_domains: QueryFlag().optional(),
  include_proxy_permissions: QueryFlag().optional(),
});

const ContainerSort = lazy(() => z.enum(['id', 'name', 'status', 'created_at', 'updated_at']));

export const ListContainersQuery = lazy(() =>
  z.object({
    ...pageQuery(50),
    sort_by: ContainerSort().default('created_at'),
    sort_order: SortOrder().default('desc'),
    realm_id: ObjectId().optional(),
    ...detailFlags(),
    include_prespawn: QueryFlag().optional(),
    include_expired: QueryFlag().optional(),
    include_deleting: QueryFlag().optional(),
  }),
);

export const ListProjectContainersQuery = lazy(() => ListContainersQuery().omit({ realm_id: true }));

export const GetContainerQuery = lazy(() => z.object(detailFlags()));

/** An unknown `sort_by` means the default, as the compatible contract has it for this list. */
export const StatusLogsQuery = lazy(() =>
  z.object({
    ...pageQuery(10),
    sort_by: z
      .enum(['transition_time', 'created_at', 'to_status', 'from_status'])
      .default('transition_time')
      .catch('transition_time'),
    sort_order: SortOrder().default('desc'),
  }),
);

export const ManageContainerParams = lazy(() =>
  z.strictObject({ id: ObjectId(), operation: ContainerOperation() }),
);

export const EnvKeyParams = lazy(() => z.strictObject({ id: ObjectId(), key: EnvironmentKey() }));
