import { fail } from '@control-plane/contract';

/** A project that is missing or hidden; both look the same. */
export function projectNotFound() {
  return fail('RESOURCE_NOT_FOUND', 'Project not found');
}

/** The caller sees the project, but `needed` access is wanted. */
export function projectAccessDenied(needed: 'edit' | 'delete') {
  return fail('INSUFFICIENT_PERMISSIONS', `this needs ${needed} access to the project`);
}

/** Another project of the same owner has the alias. */
export function duplicateAlias() {
  return fail('DUPLICATE_ALIAS', 'the owner has a project with this alias already', {
    data: [{ instancePath: '/alias', message: 'is in use' }],
  });
}

/** Somebody deletes the project right now. */
export function deletionInProgress() {
  return fail('PROJECT_DELETION_IN_PROGRESS', 'the project is being deleted');
}
