/**
 * The transition table: state × command → what happens, or nothing when the command is illegal there.
 *
 * `during` is the status while the operation runs (most keep the one they start from), `after` the status
 * once the host confirmed it. `replacesBody` marks commands that put another machine in the place of the
 * old one: the incarnation grows at their start, so that nothing said of the old machine counts any more.
 * `sync` waits for its source first and replaces the body only then: `in-host-phase`.
 */
import type { ContainerCommand, ContainerStatus } from './status.ts';

export interface Transition {
  readonly during: ContainerStatus;
  readonly after: ContainerStatus;
}
interface CommandRule {
  readonly replacesBody: boolean | 'in-host-phase';
  /** How long the host may take before the operation is given up, in milliseconds. */
  readonly deadlineMs: number;
  readonly from: Partial<Record<ContainerStatus, Transition>>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ends in `after`, showing the status it began with until then. */
const become = (during: ContainerStatus, after: ContainerStatus): Transition => ({ during, after });
const keep = (status: ContainerStatus): Transition => ({ during: status, after: status });
const toDeletion: Transition = { during: 'deleting', after: 'deleted' };

export const TRANSITIONS: Record<ContainerCommand, CommandRule> = {
  // A container's first command; the object that has no container yet is the only place where it is legal.
  create: { replacesBody: true, deadlineMs: 5 * MINUTE, from: {} },
  // As create, from another container's data, which may have to travel.
  copy: { replacesBody: true, deadlineMs: 2 * HOUR, from: {} },
  start: { replacesBody: false, deadlineMs: MINUTE, from: { stopped: become('stopped', 'running') } },
  stop: { replacesBody: false, deadlineMs: MINUTE, from: { running: become('running', 'stopped') } },
  'force-stop': {
    replacesBody: false,
    deadlineMs: MINUTE,
    from: { running: become('running', 'stopped'), paused: become('paused', 'stopped') },
  },
  restart: { replacesBody: false, deadlineMs: MINUTE, from: { running: keep('running') } },
  pause: { replacesBody: false, deadlineMs: MINUTE, from: { running: become('running', 'paused') } },
  resume: { replacesBody: false, deadlineMs: MINUTE, from: { paused: become('paused', 'running') } },
  snapshot: {
    replacesBody: false,
    deadlineMs: 10 * MINUTE,
    from: { running: keep('running'), paused: keep('paused'), stopped: keep('stopped') },
  },
  restore: {
    replacesBody: true,
    deadlineMs: 10 * MINUTE,
    from: {
      running: keep('running'),
      paused: become('paused', 'running'),
      stopped: keep('stopped'),
    },
  },
  'delete-snapshot': {
    replacesBody: false,
    deadlineMs: 10 * MINUTE,
    from: { running: keep('running'), paused: keep('paused'), stopped: keep('stopped') },
  },
  update: {
    replacesBody: false,
    deadlineMs: MINUTE,
    from: { running: keep('running'), paused: keep('paused'), stopped: keep('stopped') },
  },
  // Holds the machine's data of one moment for copies; the machine goes on.
  'copy-out': {
    replacesBody: false,
    deadlineMs: 10 * MINUTE,
    from: { running: keep('running'), paused: keep('paused'), stopped: keep('stopped') },
  },
  // Brings a copy to the state of its source.
  sync: {
    replacesBody: 'in-host-phase',
    deadlineMs: 2 * HOUR,
    from: { running: become('copying', 'running'), stopped: become('copying', 'stopped') },
  },
  // A machine made in advance becomes somebody's.
  claim: { replacesBody: false, deadlineMs: MINUTE, from: { running: become('claiming', 'running') } },
  // Legal everywhere but at the end, and it wins over whatever runs.
  delete: {
    replacesBody: true,
    deadlineMs: 2 * MINUTE,
    from: {
      creating: toDeletion,
      running: toDeletion,
      stopped: toDeletion,
      paused: toDeletion,
      failed: toDeletion,
      copying: toDeletion,
      deleting: toDeletion,
      claiming: toDeletion,
    },
  },
};

/** The transitions that start from nothing. */
export const CREATIONS = {
  create: { during: 'creating', after: 'running' },
  copy: { during: 'copying', after: 'running' },
} as const satisfies Partial<Record<ContainerCommand, Transition>>;

/** Whether a command makes a container instead of changing one. */
export function isCreation(command: ContainerCommand): command is keyof typeof CREATIONS {
  return command in CREATIONS;
}
