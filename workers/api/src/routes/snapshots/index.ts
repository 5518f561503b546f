import type { Operation } from '../../operation.ts';
import { createSnapshotOperation } from './create-snapshot.ts';
import { deleteSnapshotOperation } from './delete-snapshot.ts';
import { listSnapshotsOperation } from './list-snapshots.ts';
import { restoreSnapshotOperation } from './restore-snapshot.ts';
import { updateSnapshotAliasOperation } from './update-snapshot-alias.ts';

export const snapshotOperations: readonly Operation[] = [
  listSnapshotsOperation,
  createSnapshotOperation,
  restoreSnapshotOperation,
  deleteSnapshotOperation,
  updateSnapshotAliasOperation,
];
