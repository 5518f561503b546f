import { grantsLeaf } from '@control-plane/auth';
import { fail } from '@control-plane/contract';
import { containersUpdate } from '@control-plane/contract/routes';
import { holdValues, releaseValues } from '@control-plane/database';
import { sshKeyIdentity, type ContainerChanges } from '@control-plane/lifecycle';
import { reservationRefused } from '../../containers/reservation-refused.ts';
import { containerNotFound, containerObject, loadContainer } from '../../containers/load-container.ts';
import { presentContainer } from '../../containers/present-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';
import { normaliseColor } from '../projects/color.ts';
import { realmsOfChanged } from '../realms/realm-membership.ts';

export const updateContainerOperation = operation(containersUpdate, async ({ params, body }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const { principal, database } = context;
  if (
    body.ssh_public_key !== undefined &&
    principal.grant !== null &&
    !grantsLeaf(principal.grant.permissions, 'resources.ssh_keys')
  ) {
    return fail('INSUFFICIENT_PERMISSIONS', 'The token needs resources.ssh_keys to set an SSH key');
  }
  const object = containerObject(context, params.id);
  const record = await object.read();
  if (record === null) return containerNotFound();
  const realmIds = realmsOfChanged(principal, context.realmId, body.realm_ids, record.realmIds);
  if (!realmIds.ok) return realmIds;

  const changes: ContainerChanges = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.color === undefined ? {} : { color: normaliseColor(body.color) }),
    ...(body.ai === undefined ? {} : { ai: body.ai }),
    ...(body.autostart === undefined ? {} : { autostart: body.autostart }),
    ...(body.ramdisk === undefined ? {} : { ramdisk: body.ramdisk }),
    ...(body.ramdisk_scope === undefined ? {} : { ramdiskScope: body.ramdisk_scope }),
    ...(body.ssh_public_key === undefined ? {} : { sshPublicKey: body.ssh_public_key }),
    ...(body.comment === undefined ? {} : { comment: body.comment }),
    ...(body.cpu === undefined ? {} : { cpu: body.cpu }),
    ...(body.memory === undefined ? {} : { memory: body.memory }),
    ...(realmIds.value === undefined ? {} : { realmIds: realmIds.value }),
  };
  // Only what is new to this container is held, so that a refusal frees nothing that it uses.
  const newName = changes.name === undefined || changes.name === record.name ? undefined : changes.name;
  const newKey = isNewKey(changes.sshPublicKey, record.sshPublicKey) ? changes.sshPublicKey : undefined;
  const wanted = {
    ...(newName === undefined ? {} : { name: newName }),
    ...(newKey === undefined ? {} : { sshPublicKey: newKey }),
  };
  const values = [
    ...(newName === undefined ? [] : [newName]),
    ...(newKey == null ? [] : [sshKeyIdentity(newKey)]),
  ];
  const taken = await holdValues(
    database,
    { id: record.id, projectId: record.projectId },
    wanted,
    Date.now(),
  );
  if (taken !== null) {
    await releaseValues(database, record.id, values);
    return reservationRefused(taken);
  }
  const outcome = await object.update({
    ...invocation(context, record.id, 'update'),
    changes,
    ...(body.environment_vars === undefined
      ? {}
      : { environment: { kind: 'replace' as const, variables: body.environment_vars } }),
  });
  if (outcome.kind === 'refused') await releaseValues(database, record.id, values);
  return answerCommand(context, outcome, (_operation, updated) => ({
    message: 'Container updated successfully',
    data: presentContainer(context, loaded.value, updated),
  }));
});

function isNewKey(wanted: string | null | undefined, present: string | null): boolean {
  if (wanted === undefined || wanted === null) return false;
  return present === null || sshKeyIdentity(wanted) !== sshKeyIdentity(present);
}
