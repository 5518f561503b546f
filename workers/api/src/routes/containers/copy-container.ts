import { scopeOf } from '@control-plane/serving';
import { fail, ok } from '@control-plane/contract';
import { containersCopy } from '@control-plane/contract/routes';
import { findContainer } from '@control-plane/database';
import { copyContainer } from '../../containers/copy-container.ts';
import { loadContainer } from '../../containers/load-container.ts';
import { presentContainer } from '../../containers/present-container.ts';
import { acceptedResponse } from '../../containers/run-command.ts';
import { operation } from '../../operation.ts';

export const copyContainerOperation = operation(containersCopy, async ({ params, body }, context) => {
  const source = await loadContainer(context, params.id, 'edit');
  if (!source.ok) {
    if (source.error.code !== 'CONTAINER_NOT_FOUND') return source;
    return fail('SOURCE_CONTAINER_NOT_FOUND', 'Container not found');
  }
  const copied = await copyContainer(context, source.value.record, body);
  if (!copied.ok) return copied;
  const { outcomes, project, kvmNote } = copied.value;
  if (context.respondAsync) return acceptedResponse(outcomes[0].operation);
  const shown = await Promise.all(
    outcomes.map(async ({ record }) => {
      const listing = await findContainer(context.database, scopeOf(context), record.id, 'read');
      const projectAlias = project.alias;
      return presentContainer(
        context,
        listing ?? {
          record,
          projectAlias,
          server: null,
          serverExpiredAt: null,
          serverSuspendedAt: null,
          rentalEndsAt: null,
        },
        record,
      );
    }),
  );
  const [first] = shown;
  if (first === undefined) throw new Error('a request for copies begins at least one');
  return ok({
    message: describe(body.stateful ? 'forked' : 'copied', outcomes.length, body.count),
    data: {
      ...first,
      source_container_id: params.id,
      container_image_id: null,
      ...(kvmNote === null ? {} : { kvm_note: kvmNote }),
      copy_firewall_rules: body.copy_firewall_rules,
      copy_network_rules: body.copy_network_rules,
      ...(body.count === 1 ? {} : { copies: shown }),
    },
    headers: { location: `/api/v1/containers/${first.id}` },
  });
});

function describe(done: string, begun: number, wanted: number): string {
  if (wanted === 1) return `Container is being ${done}`;
  if (begun === wanted) return `Container is being ${done} ${wanted} times`;
  return `Container is being ${done} ${begun} times; the other ${wanted - begun} were refused`;
}
