import { CopyPointName } from '@control-plane/contract/link';
import { fail, succeed, type Outcome } from '../outcome.ts';
import type { OperationContext, OperationPlan, Step } from './step.ts';

const letGo: Step = {
  name: 'release-copy-point',
  run: (context) => {
    const { drivers, dispatch, transfers } = context;
    const { container_id: containerId, parameters } = dispatch;
    const { copy_point: name = '', base, keep_base: keep = false } = parameters;
    return transfers.whileNotSending(containerId, async () => {
      if (base !== undefined) {
        const removed = await removePoint(context, base);
        if (!removed.ok) return removed;
      }
      return keep ? drivers.storage.keepAsBase(containerId, name) : removePoint(context, name);
    });
  },
};

/**
 * The copies of a copy point are settled: it stays as the base of their next sync, or goes. The machine is not
 * touched, and need not be there any more; what is gone already is a success.
 */
export const releaseCopy: OperationPlan = {
  check: async ({ dispatch }) => {
    const { copy_point: name, base } = dispatch.parameters;
    const proper = [name ?? '', ...(base === undefined ? [] : [base])].every(
      (each) => CopyPointName().safeParse(each).success,
    );
    return proper ? succeed('proceed') : fail('COPY_POINT_NOT_FOUND', 'The copy point has no proper name.');
  },
  steps: [letGo],
};

async function removePoint(
  { drivers, dispatch, copyPoints }: OperationContext,
  name: string,
): Promise<Outcome<undefined>> {
  const removed = await drivers.storage.deleteSnapshot(dispatch.container_id, name);
  if (removed.ok) copyPoints.remove(dispatch.container_id, name);
  return removed;
}
