import { afterEach, beforeEach } from 'vitest';
import { DaemonProcess } from '../../../node-daemon/src/testing/daemon-process.ts';

/** Of each daemon; what an operation was about is in its last lines. */
const linesMax = 60;
/** How much each daemon had logged when the test began. */
const logged = new Map<DaemonProcess, number>();

beforeEach(() => {
  for (const daemon of DaemonProcess.started) logged.set(daemon, daemon.output.length);
});

// A client is told that "the host's log has the cause": a failed test shows what daemons logged during it.
afterEach(({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [index, daemon] of DaemonProcess.started.entries()) {
    const lines = daemon.output.slice(logged.get(daemon) ?? 0).split('\n');
    if (lines.length > 1) {
      process.stderr.write(`Daemon ${index + 1}, “${task.name}”:\n${lines.slice(-linesMax).join('\n')}\n`);
    }
  }
});
