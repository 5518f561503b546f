import { ok } from '@control-plane/contract';
import { containersCreate } from '@control-plane/contract/routes';
import { createContainer } from '../../containers/create-container.ts';
import { presentContainer } from '../../containers/present-container.ts';
import { acceptedResponse } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

export const createContainerOperation = operation(containersCreate, async ({ params, body }, context) => {
  const created = await createContainer(context, params.id, body);
  if (!created.ok) return created;
  const { listing, outcome, kvmNote } = created.value;
  if (context.respondAsync) return acceptedResponse(outcome.operation);
  return ok({
    message: 'Container created successfully',
    data: { ...presentContainer(context, listing), ...(kvmNote === null ? {} : { kvm_note: kvmNote }) },
    headers: { location: `/api/v1/containers/${listing.record.id}` },
  });
});
