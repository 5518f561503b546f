import type { Logger } from 'pino';
import type { DriverSet } from '../drivers/types.ts';
import type { CopyPointTable } from '../journal/copy-point-table.ts';

export type SettleCopyPoints = {
  readonly drivers: DriverSet;
  readonly copyPoints: CopyPointTable;
  readonly logger: Logger;
};

/**
 * Makes a machine's copy points on the disk and in the journal agree. One that no operation made on purpose can
 * be asked for by nobody: it goes, and is named in the log. The machine must have no unfinished operation.
 */
export async function settleCopyPoints(options: SettleCopyPoints, containerId: string): Promise<void> {
  const { drivers, copyPoints, logger } = options;
  const found = await drivers.storage.listCopyPoints(containerId);
  const recorded = copyPoints.list(containerId).map((record) => record.name);
  for (const name of found.filter((each) => !recorded.includes(each))) {
    const removed = await drivers.storage.deleteSnapshot(containerId, name);
    logger.warn(
      { container_id: containerId, copy_point: name, removed: removed.ok },
      'a copy point belongs to nobody: removed',
    );
  }
  for (const name of recorded.filter((each) => !found.includes(each))) copyPoints.remove(containerId, name);
}
