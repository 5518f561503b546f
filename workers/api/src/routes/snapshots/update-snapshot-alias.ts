import { fail, ok } from '@control-plane/contract';
import { containersUpdateSnapshotAlias } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { operation } from '../../operation.ts';
import { presentSnapshot } from './present-snapshot.ts';

export const updateSnapshotAliasOperation = operation(
  containersUpdateSnapshotAlias,
  async ({ params, body }, context) => {
    const loaded = await loadContainer(context, params.id, 'edit');
    if (!loaded.ok) return loaded;
    const renamed = await containerObject(context, params.id).renameSnapshot(params.name, body.alias);
    if (renamed === null) return fail('SNAPSHOT_NOT_FOUND', 'Snapshot not found');
    return ok({
      message: 'Snapshot alias updated successfully',
      data: {
        container_id: params.id,
        project_id: loaded.value.record.projectId,
        snapshot: presentSnapshot(renamed),
      },
    });
  },
);
