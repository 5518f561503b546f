/** Copies of containers: what clients send and get. */
import * as z from 'zod';
import { ContainerStatus } from '../container-status.ts';
import { lazy } from '../lazy.ts';
import { Container } from './container.ts';
import { NewContainerName, SshPublicKey } from './container-requests.ts';
import { ObjectId } from './scalars.ts';
import { SnapshotName } from './snapshot.ts';

/** Copies that one request may make. */
export const COPIES_MAX = 100;

const CopyContainerFields = lazy(() =>
  z.strictObject({
    target_project_id: ObjectId(),
    /** Absent: the source's own. */
    target_server_id: ObjectId().optional(),
    /** Absent: a name is made up. With `count`, the second and later ones get `-2`, `-3`, … at its end. */
    name: NewContainerName().optional(),
    /** Never inherited. */
    ssh_public_key: SshPublicKey().nullish(),
    /** Copies this snapshot instead of the machine as it is now. */
    source_snapshot: SnapshotName().optional(),
    copy_firewall_rules: z.boolean().default(false),
    copy_network_rules: z.boolean().default(false),
    /** Never inherited. */
    kvm: z.boolean().optional().meta({ default: false }),
    /** Another name of `kvm`. */
    dev_kvm: z.boolean().optional(),
    /** A fork: memory and processes come along. */
    stateful: z.boolean().default(false),
    /** How many copies, all of the same moment of the source. */
    count: z.number().int().min(1).max(COPIES_MAX).default(1),
  }),
);

/** `kvm` and `dev_kvm` are one wish; several copies can't share one SSH key. */
export const CopyContainerBody = lazy(() =>
  CopyContainerFields()
    .refine((body) => body.kvm === undefined || body.dev_kvm === undefined || body.kvm === body.dev_kvm, {
      error: 'kvm and dev_kvm are the same setting but differ',
      path: ['dev_kvm'],
    })
    .refine((body) => body.count === 1 || body.ssh_public_key == null, {
      error: 'each container needs an SSH key of its own: with count, add the keys afterwards',
      path: ['ssh_public_key'],
    })
    .transform(({ dev_kvm: devKvm, ...body }) => ({ ...body, kvm: body.kvm ?? devKvm ?? false })),
);

/** The first copy, and with `count` above 1 all of them. */
export const ContainerCopied = lazy(() =>
  Container().extend({
    source_container_id: ObjectId(),
    container_image_id: ObjectId().nullable(),
    kvm_note: z.string().optional(),
    copy_firewall_rules: z.boolean(),
    copy_network_rules: z.boolean(),
    copies: z.array(Container()).optional(),
  }),
);

/** `full`: send everything, also when only changes had to be sent. */
export const SyncContainerBody = lazy(() => z.strictObject({ full: z.boolean().default(false) }));

export const ContainerSync = lazy(() =>
  z.object({ container_id: ObjectId(), source_container_id: ObjectId(), status: ContainerStatus() }),
);
