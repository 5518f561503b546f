import { done, type Outcome } from '../outcome.ts';
import type { OperationContext, Step } from './step.ts';

/** Time that a machine has to stop by itself when the caller doesn't say. */
const defaultGraceMs = 10_000;

/** Records a machine that is about to be made; undone by ending and forgetting it. */
export const defineMachine: Step = {
  name: 'define-machine',
  run: async ({ drivers, machine }) => {
    const defined = await drivers.container.define(machine);
    return defined.ok ? done : defined;
  },
  undo: async (context) => {
    const ended = await endMachine(context);
    return ended.ok ? forgetMachine(context) : ended;
  },
};

/** Boots the machine; undone by ending it. */
export const startMachine: Step = {
  name: 'start-machine',
  run: bootMachine,
  undo: endMachine,
};

/** Lets the machine shut down by itself within its grace, then ends it. */
export const stopMachine: Step = {
  name: 'stop-machine',
  run: async (context) => {
    const { container_id: containerId, parameters } = context.dispatch;
    const graceMs = parameters.grace_ms ?? defaultGraceMs;
    const stopped = await context.drivers.container.stop(containerId, graceMs, context.signal);
    return stopped.ok ? context.drivers.network.detach(containerId) : stopped;
  },
};

/** Ends the machine at once. */
export const killMachine: Step = { name: 'kill-machine', run: endMachine };

/** Starts the machine of this operation and connects it. */
export async function bootMachine(context: OperationContext): Promise<Outcome<undefined>> {
  const { drivers, machine } = context;
  return drivers.container.start({
    machine,
    volume: drivers.storage.volumePath(machine.spec.container_id),
    attachNetwork: (initPid) => drivers.network.attach(machine, initPid),
  });
}

/** Ends the machine at once, whatever it is doing, and disconnects it. */
export async function endMachine(context: OperationContext): Promise<Outcome<undefined>> {
  const { container_id: containerId } = context.dispatch;
  const killed = await context.drivers.container.kill(containerId);
  return killed.ok ? context.drivers.network.detach(containerId) : killed;
}

/** Forgets an ended machine: its address, then everything that the container driver keeps of it. */
export async function forgetMachine({ drivers, dispatch }: OperationContext): Promise<Outcome<undefined>> {
  const released = await drivers.network.release(dispatch.container_id);
  return released.ok ? drivers.container.remove(dispatch.container_id) : released;
}

/** Makes a running machine stand still for the time of an operation; undone by letting it go on. */
export const freezeWhileRunning: Step = {
  name: 'freeze-machine',
  isVolatile: true,
  run: async (context) => {
    if (context.initialState !== 'running') return done;
    return context.drivers.container.freeze(context.dispatch.container_id);
  },
  undo: async (context) => {
    const { state } = await context.drivers.container.observe(context.dispatch.container_id);
    if (context.initialState !== 'running' || state !== 'paused') return done;
    return context.drivers.container.thaw(context.dispatch.container_id);
  },
};

/** Lets a machine go on that {@link freezeWhileRunning} made stand still. */
export const thawIfWasRunning: Step = {
  name: 'thaw-machine',
  isVolatile: true,
  run: async (context) => {
    if (context.initialState !== 'running') return done;
    const { state } = await context.drivers.container.observe(context.dispatch.container_id);
    // Ended by something else meanwhile (the host went down): there is nothing to let go on.
    if (state !== 'paused') return done;
    return context.drivers.container.thaw(context.dispatch.container_id);
  },
};
