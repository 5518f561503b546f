/** What a container is, as clients see it. `creating`, `copying`, `deleting` and `claiming` are transient. */
export const CONTAINER_STATUSES = [
  'creating',
  'running',
  'stopped',
  'paused',
  'failed',
  'copying',
  'deleting',
  'deleted',
  'claiming',
] as const;
export type ContainerStatus = (typeof CONTAINER_STATUSES)[number];

/** What can be asked of a container. `create` or `copy` is the first command of each and legal nowhere else. */
export const CONTAINER_COMMANDS = [
  'create',
  'copy',
  'start',
  'stop',
  'force-stop',
  'restart',
  'pause',
  'resume',
  'snapshot',
  'restore',
  'delete-snapshot',
  'update',
  'copy-out',
  'sync',
  'claim',
  'delete',
] as const;
export type ContainerCommand = (typeof CONTAINER_COMMANDS)[number];

/** The commands that clients give by path segment (`POST /containers/{id}/{operation}`). */
export const MANAGE_COMMANDS = ['start', 'stop', 'force-stop', 'restart', 'pause', 'resume'] as const;
export type ManageCommand = (typeof MANAGE_COMMANDS)[number];

/** What a host sees of a machine; `absent`: it has none, `unknown`: it can't tell now. */
export type ObservedMachine = 'running' | 'stopped' | 'paused' | 'absent' | 'unknown';
