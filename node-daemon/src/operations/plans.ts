import type { HostCommand } from '@control-plane/contract/link';
import { copyIn } from './copy-in.ts';
import { copyOut } from './copy-out.ts';
import { createContainer } from './create-container.ts';
import { createSnapshot } from './create-snapshot.ts';
import { deleteContainer } from './delete-container.ts';
import { deleteSnapshot } from './delete-snapshot.ts';
import { forceStopContainer } from './force-stop-container.ts';
import { inspectContainer } from './inspect-container.ts';
import { pauseContainer } from './pause-container.ts';
import { releaseCopy } from './release-copy.ts';
import { restartContainer } from './restart-container.ts';
import { restoreSnapshot } from './restore-snapshot.ts';
import { resumeContainer } from './resume-container.ts';
import { startContainer } from './start-container.ts';
import type { OperationPlan } from './step.ts';
import { stopContainer } from './stop-container.ts';
import { syncIn } from './sync-in.ts';
import { updateContainer } from './update-container.ts';

/** The plan of each command of the link protocol. */
export const plans: Readonly<Record<HostCommand, OperationPlan>> = {
  create: createContainer,
  start: startContainer,
  stop: stopContainer,
  'force-stop': forceStopContainer,
  restart: restartContainer,
  pause: pauseContainer,
  resume: resumeContainer,
  delete: deleteContainer,
  update: updateContainer,
  snapshot: createSnapshot,
  restore: restoreSnapshot,
  'delete-snapshot': deleteSnapshot,
  inspect: inspectContainer,
  'copy-out': copyOut,
  'copy-in': copyIn,
  'sync-in': syncIn,
  'release-copy': releaseCopy,
};
