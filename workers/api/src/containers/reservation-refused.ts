import { fail, type Result } from '@control-plane/contract';
import type { ReservationRefusal } from '@control-plane/database';

/** What a client is told of a value or place that is taken. */
export function reservationRefused(refusal: ReservationRefusal): Result<never> {
  switch (refusal) {
    case 'name_in_use':
      return fail('CONTAINER_NAME_IN_USE', 'The project has a container of this name already');
    case 'ssh_key_in_use':
      return fail(
        'SSH_PUBLIC_KEY_IN_USE',
        'Another container uses this SSH public key; make one for each container',
      );
    case 'project_limit':
      return fail(
        'PROJECT_CONTAINER_LIMIT',
        'The project has as many containers as its max_containers allows',
      );
    case 'server_limit':
      return fail('SERVER_CONTAINER_LIMIT', 'The server has as many containers as it may');
    case 'project_gone':
      return fail('RESOURCE_NOT_FOUND', 'Project not found');
  }
}
