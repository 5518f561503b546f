/** When a fault strikes: after the step was journalled as begun, after it acted, after it was journalled as done. */
export type FaultMoment = 'before' | 'acted' | 'after';

/** Called by the engine at each moment of each step; does nothing unless a test asked for a fault there. */
export type FaultHook = (command: string, step: string, moment: FaultMoment) => void;

/**
 * Reads `NODE_DAEMON_FAULT`, `COMMAND:STEP:kill[:before|acted|after]` (without a moment: after). The daemon
 * then kills itself with SIGKILL at that point, as a power cut would. Undo steps are named `undo-STEP`.
 */
export function faultHook(value: string | undefined): FaultHook {
  if (value === undefined || value === '') return () => undefined;
  const [command, step, action, moment = 'after'] = value.split(':');
  if (action !== 'kill')
    throw new Error('NODE_DAEMON_FAULT must read COMMAND:STEP:kill[:before|acted|after].');
  return (currentCommand, currentStep, currentMoment) => {
    if (currentCommand === command && currentStep === step && currentMoment === moment) {
      process.kill(process.pid, 'SIGKILL');
    }
  };
}
