import { fail, succeed } from '../outcome.ts';
import { findMissingCapability } from './checks.ts';
import { defineMachine, startMachine } from './machine-steps.ts';
import type { OperationPlan, Step } from './step.ts';

const createVolume: Step = {
  name: 'create-volume',
  run: async ({ drivers, machine }) => {
    const defined = await drivers.container.define(machine);
    if (!defined.ok) return defined;
    const { container_id: containerId, image } = machine.spec;
    return drivers.storage.createVolume({ containerId, image, rootUid: defined.value.rootUid });
  },
  undo: ({ drivers, dispatch }) => drivers.storage.deleteVolume(dispatch.container_id),
};

/** Makes a machine out of an image and starts it. */
export const createContainer: OperationPlan = {
  check: async (context) => {
    const { drivers, machine, initialState } = context;
    if (initialState !== 'absent')
      return fail('MACHINE_ALREADY_EXISTS', 'This host has this machine already.');
    const known = drivers.images.some((image) => image.name === machine.spec.image);
    if (!known) return fail('IMAGE_NOT_FOUND', `This host has no image “${machine.spec.image}”.`);
    return findMissingCapability(context) ?? succeed('proceed');
  },
  steps: [defineMachine, createVolume, startMachine],
};
