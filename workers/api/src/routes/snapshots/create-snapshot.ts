import { fail } from '@control-plane/contract';
import { containersCreateSnapshot } from '@control-plane/contract/routes';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';
import { presentSnapshot } from './present-snapshot.ts';

const DAY_MS = 24 * 3600 * 1000;

export const createSnapshotOperation = operation(
  containersCreateSnapshot,
  async ({ params, body }, context) => {
    const loaded = await loadContainer(context, params.id, 'edit');
    if (!loaded.ok) return loaded;
    if (loaded.value.record.prespawn) {
      return fail('SNAPSHOT_PRESPAWN_FORBIDDEN', 'A prespawned container takes no snapshots');
    }
    const object = containerObject(context, params.id);
    const outcome = await object.command({
      ...invocation(context, params.id, 'snapshot'),
      command: 'snapshot',
      parameters: body.stateful === undefined ? {} : { stateful: body.stateful },
      snapshot: {
        alias: body.alias ?? null,
        expiresAt: body.expiry == null ? null : Date.now() + body.expiry * DAY_MS,
        limit: loaded.value.server?.maxSnapshotsPerContainer ?? 0,
      },
    });
    const name = outcome.kind === 'finished' ? outcome.operation.result?.snapshot?.name : undefined;
    const taken =
      name === undefined ? undefined : (await object.listSnapshots()).find((each) => each.name === name);
    if (
      outcome.kind === 'finished' &&
      outcome.operation.error === null &&
      taken === undefined &&
      !context.respondAsync
    ) {
      return fail('SNAPSHOT_NOT_FOUND', 'The snapshot was taken, but has been deleted since');
    }
    return answerCommand(context, outcome, (_operation, record) => {
      if (taken === undefined) throw new Error('a succeeded snapshot has been looked up');
      return {
        message: taken.stateful
          ? 'Snapshot created successfully, with memory and processes'
          : 'Snapshot created successfully, filesystem only',
        data: { container_id: record.id, project_id: record.projectId, snapshot: presentSnapshot(taken) },
      };
    });
  },
);
