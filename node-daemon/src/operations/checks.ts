import type { ObservedState } from '@control-plane/contract/link';
import { fail, succeed, type Outcome } from '../outcome.ts';
import type { OperationContext, Verdict } from './step.ts';

/**
 * The verdict for a command that needs the machine in certain states.
 * `settled`: states in which there is nothing to do. `legal`: states in which it proceeds.
 */
export function checkState(
  context: OperationContext,
  states: { readonly legal: readonly ObservedState[]; readonly settled?: readonly ObservedState[] },
): Outcome<Verdict> {
  const { initialState, dispatch } = context;
  if (initialState === 'absent') return fail('MACHINE_NOT_FOUND', 'This host has no such machine.');
  if (states.settled?.includes(initialState) === true) return succeed('settled');
  if (states.legal.includes(initialState)) return succeed('proceed');
  return fail('WRONG_STATE', `The machine is ${initialState}; ${dispatch.command} is not possible then.`);
}

/** Refuses a spec that asks for what this host can't do; undefined: it can. */
export function findMissingCapability(context: OperationContext): ReturnType<typeof fail> | undefined {
  const { spec } = context.machine;
  const { capabilities } = context.drivers;
  if (spec.kvm && !capabilities.kvm)
    return fail('CAPABILITY_MISSING', 'This host can’t give /dev/kvm to a machine.');
  if (spec.ramdisk && !capabilities.ramdisk)
    return fail('CAPABILITY_MISSING', 'This host has no memory disks.');
  return undefined;
}
