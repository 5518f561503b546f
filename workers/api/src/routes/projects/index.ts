import type { Operation } from '../../operation.ts';
import {
  addPermissionOperation,
  removePermissionOperation,
  updatePermissionOperation,
} from './change-permissions.ts';
import { createProjectOperation } from './create-project.ts';
import { deleteProjectOperation } from './delete-project.ts';
import { getProjectStats } from './get-project-stats.ts';
import { getProjectOperation } from './get-project.ts';
import { listPermissionsOperation } from './list-permissions.ts';
import { listProjectsOperation } from './list-projects.ts';
import { updateProjectOperation } from './update-project.ts';

/** Operations of the tag `projects`. */
export const projectOperations: readonly Operation[] = [
  listProjectsOperation,
  createProjectOperation,
  getProjectOperation,
  updateProjectOperation,
  deleteProjectOperation,
  getProjectStats,
  listPermissionsOperation,
  addPermissionOperation,
  updatePermissionOperation,
  removePermissionOperation,
];
