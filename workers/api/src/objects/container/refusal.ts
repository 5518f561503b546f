import type { ApiError, ErrorCode } from '@control-plane/contract/errors';
import type { HostErrorCode, OperationError } from '@control-plane/contract/link';
import type {
  ContainerCommand,
  ContainerRecord,
  RefusalReason,
  RunningOperation,
} from '@control-plane/lifecycle';

/** Commands whose refusal has a status of its own in the contract. */
const COPY_COMMANDS = new Set<ContainerCommand>(['copy-out', 'sync']);

/** What a client is told of a command that is illegal now. */
export function refusal(
  reason: RefusalReason,
  command: ContainerCommand,
  record: ContainerRecord | null,
  running: RunningOperation | null,
): ApiError {
  switch (reason) {
    case 'gone':
      return { code: 'CONTAINER_NOT_FOUND', message: 'Container not found' };
    case 'exists':
      return { code: 'OPERATION_STATE_CONFLICT', message: 'This container has already been created' };
    case 'finalizing':
      return {
        code: 'container_finalizing',
        message: 'The container is being handed over; try again in a moment',
      };
    case 'in_progress': {
      const code: ErrorCode =
        command === 'snapshot' && running?.command === 'snapshot'
          ? 'SNAPSHOT_OPERATION_IN_PROGRESS'
          : 'CONTAINER_OPERATION_IN_PROGRESS';
      return {
        code,
        message: `The container is busy with "${running?.command ?? 'another operation'}"; wait for it to end`,
        data: running === null ? undefined : { operation_id: running.id, operation: running.command },
      };
    }
    case 'wrong_state':
      return {
        code: COPY_COMMANDS.has(command) ? 'STATE_CONFLICT' : 'OPERATION_STATE_CONFLICT',
        message: `Cannot ${command} a container that is ${record?.status ?? 'missing'}`,
        data: {
          error: true,
          operation: command,
          container_id: record?.id,
          project_id: record?.projectId,
          message: `Cannot ${command} a container that is ${record?.status ?? 'missing'}`,
          status: record?.status,
        },
      };
  }
}

/** What a client is told of a change that is legal in one status only. */
export function wrongStatus(record: ContainerRecord, needed: ContainerRecord['status']): ApiError {
  return {
    code: 'STATE_CONFLICT',
    message: `This can only be changed while the container is ${needed}; it is ${record.status}`,
    data: { container_id: record.id, status: record.status },
  };
}

const HOST_ERRORS: Record<HostErrorCode, ErrorCode> = {
  CAPABILITY_MISSING: 'CAPABILITY_MISSING',
  IMAGE_NOT_FOUND: 'IMAGE_NOT_FOUND',
  SNAPSHOT_NOT_FOUND: 'SNAPSHOT_NOT_FOUND',
  DEADLINE_PASSED: 'OPERATION_TIMEOUT',
  CANCELLED: 'OPERATION_CANCELLED',
  MACHINE_NOT_FOUND: 'CONTAINER_HOST_COMMAND_FAILED',
  MACHINE_ALREADY_EXISTS: 'CONTAINER_HOST_COMMAND_FAILED',
  SNAPSHOT_ALREADY_EXISTS: 'CONTAINER_HOST_COMMAND_FAILED',
  WRONG_STATE: 'CONTAINER_HOST_COMMAND_FAILED',
  STALE_INCARNATION: 'CONTAINER_HOST_COMMAND_FAILED',
  CAPACITY_EXCEEDED: 'CONTAINER_HOST_COMMAND_FAILED',
  DRIVER_FAILED: 'CONTAINER_HOST_COMMAND_FAILED',
  SYNC_BASE_GONE: 'SYNC_BASE_GONE',
  TICKET_REFUSED: 'COPY_TRANSFER_FAILED',
  TRANSFER_FAILED: 'COPY_TRANSFER_FAILED',
  SOURCE_UNREACHABLE: 'COPY_TRANSFER_FAILED',
  COPY_POINT_NOT_FOUND: 'COPY_TRANSFER_FAILED',
};

/** What a client is told of a host's failure; `data` keeps the host's own code and step. */
export function hostFailure(error: OperationError): ApiError {
  return {
    code: HOST_ERRORS[error.code],
    message: error.message,
    data: { host_code: error.code, ...(error.step === undefined ? {} : { step: error.step }) },
  };
}
