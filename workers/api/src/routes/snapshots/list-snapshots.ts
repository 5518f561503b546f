import { ok } from '@control-plane/contract';
import { containersListSnapshots } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { operation } from '../../operation.ts';
import { presentSnapshot } from './present-snapshot.ts';

export const listSnapshotsOperation = operation(containersListSnapshots, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'read');
  if (!loaded.ok) return loaded;
  const snapshots = await containerObject(context, params.id).listSnapshots();
  return ok({
    message: 'Snapshots retrieved successfully',
    data: {
      container_id: params.id,
      project_id: loaded.value.record.projectId,
      snapshot_count: snapshots.length,
      max_snapshots: loaded.value.server?.maxSnapshotsPerContainer ?? null,
      snapshots: snapshots.map(presentSnapshot),
    },
  });
});
