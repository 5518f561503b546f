import { containersRestoreSnapshot } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';
import { presentSnapshot } from './present-snapshot.ts';

const HOW = {
  memory: 'its processes go on from the snapshot',
  cold: 'its disk is as in the snapshot and it was booted anew',
  filesystem: 'its disk is as in the snapshot; it is stopped',
} as const;

export const restoreSnapshotOperation = operation(containersRestoreSnapshot, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'edit');
  if (!loaded.ok) return loaded;
  const object = containerObject(context, params.id);
  const outcome = await object.command({
    ...invocation(context, params.id, 'restore'),
    command: 'restore',
    parameters: { snapshot_name: params.name },
  });
  const snapshot = (await object.listSnapshots()).find(({ name }) => name === params.name);
  return answerCommand(context, outcome, (done) => {
    const restoredAs = done.result?.restored_as ?? 'filesystem';
    return {
      message: 'Snapshot restored successfully',
      data: {
        success: true,
        message: `Container restored from ${params.name}: ${HOW[restoredAs]}`,
        snapshot: snapshot === undefined ? null : presentSnapshot(snapshot),
        restored_as: restoredAs,
      },
    };
  });
});
