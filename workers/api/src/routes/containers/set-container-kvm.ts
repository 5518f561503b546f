import { fail } from '@control-plane/contract';
import { containersSetContainerKvm } from '@control-plane/contract/routes';
import { freeServerNames } from '../../accounts/free-tier.ts';
import { containerObject, loadContainer } from '../../containers/load-container.ts';
import { answerCommand, invocation } from '../../containers/run-command.ts';
import { hostGateway } from '../../objects/gateways.ts';
import { operation } from '../../operation.ts';

export const setContainerKvmOperation = operation(
  containersSetContainerKvm,
  async ({ params, body }, context) => {
    const loaded = await loadContainer(context, params.id, 'edit');
    if (!loaded.ok) return loaded;
    const { serverId, serverName } = loaded.value.record;
    const { kvm } = body;
    if (kvm && freeServerNames(context.env).includes(serverName)) {
      return fail('KVM_NOT_PERMITTED', 'KVM comes with rented servers only');
    }
    const host = kvm ? await hostGateway(context.env, serverId).status() : null;
    if (host?.capabilities?.kvm === false) {
      return fail('CAPABILITY_MISSING', `Server "${serverName}" offers no KVM`, {
        data: { capability: 'kvm', server_id: serverId },
      });
    }
    const outcome = await containerObject(context, params.id).update({
      ...invocation(context, params.id, 'update'),
      changes: { kvm },
      onlyWhile: 'stopped',
    });
    return answerCommand(context, outcome, (_operation, record) => ({
      message: `KVM is ${record.kvm ? 'enabled' : 'disabled'}`,
      data: { id: record.id, name: record.name, status: record.status, kvm: record.kvm },
    }));
  },
);
