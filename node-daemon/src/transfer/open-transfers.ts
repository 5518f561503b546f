import { TicketKey, type TransferEndpoint } from '@control-plane/contract/link';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { StorageDriver } from '../drivers/types.ts';
import type { Journal } from '../journal/journal.ts';
import type { HostKey } from '../link/host-key.ts';
import type { Transfers } from '../operations/step.ts';
import { endpointOf, type ListenAddress } from './endpoint.ts';
import { TicketBook } from './ticket-book.ts';
import { TransferClient } from './transfer-client.ts';
import { TransferServer } from './transfer-server.ts';

export type OpenTransfers = {
  readonly serverId: string;
  readonly key: HostKey;
  readonly storage: StorageDriver;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Null: this host gives nothing to others; it can still fetch. */
  readonly listen: ListenAddress | null;
};

/** Transfers of a running daemon. */
export type OpenedTransfers = Transfers & {
  /** Where other hosts reach this one; null: nowhere. */
  readonly endpoint: TransferEndpoint | null;
  /** Takes the control plane's keys; they are kept for the time after a restart. */
  readonly acceptTicketKeys: (keys: readonly TicketKey[]) => void;
  readonly close: () => Promise<void>;
};

const keysMark = 'ticket_keys';

/** Opens what goes from host to host. Throws when the address can't be listened on. */
export async function openTransfers(options: OpenTransfers): Promise<OpenedTransfers> {
  const { serverId, key, storage, journal, logger, listen } = options;
  const client = new TransferClient({ key, storage, now: () => performance.now() });
  const shared: Pick<OpenedTransfers, 'fetch' | 'acceptTicketKeys'> = {
    fetch: (request) => client.fetch(request),
    acceptTicketKeys: (keys) => journal.writeMeta(keysMark, JSON.stringify(keys)),
  };
  if (listen === null) {
    const whileNotSending: Transfers['whileNotSending'] = (_containerId, action) => action();
    return { ...shared, whileNotSending, endpoint: null, close: () => client.close() };
  }
  const server = new TransferServer({
    serverId,
    key,
    storage,
    logger,
    tickets: new TicketBook(journal),
    ticketKeys: () => readKeys(journal),
    now: Date.now,
  });
  const port = await server.listen(listen.address, listen.port);
  return {
    ...shared,
    whileNotSending: (containerId, action) => server.whileNotSending(containerId, action),
    endpoint: endpointOf({ address: listen.address, port }),
    close: async () => {
      await Promise.all([server.close(), client.close()]);
    },
  };
}

function readKeys(journal: Journal): TicketKey[] {
  const text = journal.readMeta(keysMark);
  if (text === undefined) return [];
  return z.array(TicketKey()).parse(JSON.parse(text));
}
