import type { Operation } from '../../operation.ts';
import { copyContainerOperation } from './copy-container.ts';
import { createContainerOperation } from './create-container.ts';
import { deleteContainerOperation } from './delete-container.ts';
import { getContainerOperation } from './get-container.ts';
import { getStatsOperation } from './get-stats.ts';
import { getContainerUsage, getProjectUsage } from './get-usage.ts';
import { getStatusLogsOperation } from './get-status-logs.ts';
import { listContainersOperation, listProjectContainersOperation } from './list-containers.ts';
import { manageContainerOperation } from './manage-container.ts';
import { setContainerKvmOperation } from './set-container-kvm.ts';
import { syncContainerOperation } from './sync-container.ts';
import { updateContainerOperation } from './update-container.ts';

export const containerOperations: readonly Operation[] = [
  listContainersOperation,
  listProjectContainersOperation,
  createContainerOperation,
  getContainerOperation,
  updateContainerOperation,
  deleteContainerOperation,
  manageContainerOperation,
  getStatusLogsOperation,
  getStatsOperation,
  getContainerUsage,
  getProjectUsage,
  copyContainerOperation,
  syncContainerOperation,
  setContainerKvmOperation,
];
