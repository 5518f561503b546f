import type { Dispatch, HostCommand } from '@control-plane/contract/link';
import { plans } from '../operations/plans.ts';
import { isAskedFor } from '../operations/step.ts';

export type FaultPoint = { readonly step: string; readonly moment: 'before' | 'acted' | 'after' };

/**
 * Where a daemon can be killed while it carries out a command: at each of its steps, when that was journalled as begun
 * and when it had acted. The end of a step and the beginning of the next are one commit, so `after` differs only for
 * the last. `among`: the only steps that matter; absent: all.
 */
export function faultPoints(
  command: HostCommand,
  parameters: Dispatch['parameters'],
  among?: readonly string[],
): FaultPoint[] {
  const asked = plans[command].steps.filter((step) => isAskedFor(step, parameters));
  const names = asked.map(({ name }) => name).filter((name) => among === undefined || among.includes(name));
  return names.flatMap((step, index): FaultPoint[] => [
    { step, moment: 'before' },
    { step, moment: 'acted' },
    ...(index === names.length - 1 ? [{ step, moment: 'after' } as const] : []),
  ]);
}
