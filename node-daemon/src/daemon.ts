import type { ControlMessage, HostMessage } from '@control-plane/contract/link';
import type { Logger } from 'pino';
import { AskDesk } from './answer-ask.ts';
import type { Configuration } from './configuration.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { openDriverSet } from './drivers/driver-set.ts';
import { readBootId } from './drivers/namespaces-set.ts';
import { faultHook } from './fault-hook.ts';
import { CopyPointTable } from './journal/copy-point-table.ts';
import { Journal } from './journal/journal.ts';
import { MachineTable } from './journal/machine-table.ts';
import { OperationLog } from './journal/operation-log.ts';
import { OutboundQueue } from './journal/outbound-queue.ts';
import { buildHello, readHostFacts } from './link/hello.ts';
import type { HostKey } from './link/host-key.ts';
import type { HostIdentity } from './link/identity.ts';
import { LinkClient } from './link/link-client.ts';
import { serveLocalApi } from './local-api/server.ts';
import { registerGauges } from './metrics/daemon-metrics.ts';
import { serveMetrics } from './metrics/metrics-server.ts';
import { Metrics } from './metrics/metrics.ts';
import { Lanes } from './operations/lanes.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import { hostGoesDown } from './reconcile/host-goes-down.ts';
import { quarantineMachine } from './reconcile/quarantine.ts';
import { reconcileAtStart } from './reconcile/reconcile-at-start.ts';
import { Reporter } from './reconcile/reporter.ts';
import { stopMachines } from './reconcile/stop-machines.ts';
import { ExitWatch } from './reconcile/watch-exits.ts';
import { openTransfers } from './transfer/open-transfers.ts';
import { daemonVersion } from './version.ts';

const operationsParallelMax = 8;
const copiesParallelMax = 8;
const runningStepTimeoutMs = 10_000;
const lastMessagesTimeoutMs = 1_000;

/** A running daemon. */
export type Daemon = {
  /** Ends cleanly: finishes running steps, leaves or stops the machines as configured. */
  readonly close: () => Promise<void>;
};

/**
 * Starts the daemon: takes the data directory, opens the drivers, settles what the last run left, then
 * listens to the control plane. Throws with a clear message when it can't do its work on this host.
 */
export async function startDaemon(
  configuration: Configuration,
  identity: HostIdentity,
  key: HostKey,
  logger: Logger,
): Promise<Daemon> {
  const { dataDir } = configuration;
  const unlock = lockDataDirectory(dataDir);
  if (unlock === undefined) throw new Error(`Another daemon uses the data directory ${dataDir}.`);
  const drivers = openDriverSet(configuration.driver, dataDir, configuration.storage);
  const journal = new Journal(dataDir);
  const operations = new OperationLog(journal);
  const machines = new MachineTable(journal);
  const outbound = new OutboundQueue(journal);
  const metrics = new Metrics();
  const now = (): number => Date.now();
  const bootId = readBootId();
  logger.info(
    {
      driver_set: drivers.name,
      development_only: drivers.developmentOnly,
      capabilities: drivers.capabilities,
    },
    `drivers opened${drivers.developmentOnly ? ': for development only' : ''}`,
  );
  for (const note of drivers.notes) logger.info({ note }, 'host setup would bring more');

  const copyPoints = new CopyPointTable(journal);
  const transfers = await openTransfers({
    serverId: identity.server_id,
    key,
    storage: drivers.storage,
    journal,
    logger,
    listen: configuration.transferListen,
  });
  const facts = { ...(await readHostFacts(dataDir)), transfer: transfers.endpoint };
  const link: LinkClient = new LinkClient({
    identity,
    key,
    outbound,
    logger,
    buildHello: () => buildHello(drivers, machines, facts, bootId),
    onMessage: (message) => receive(message),
    now,
    random: Math.random,
  });
  const send = (message: HostMessage): void => link.send(message);
  const shared = { journal, operations, machines, outbound, drivers, logger, metrics, send, now };
  const reporter = new Reporter(shared);
  const runner = new OperationRunner({
    ...shared,
    copyPoints,
    transfers,
    fault: faultHook(process.env['NODE_DAEMON_FAULT']),
  });
  const lanes: Lanes = new Lanes({
    ...shared,
    runner,
    parallelMax: operationsParallelMax,
    copiesParallelMax,
    onIdle: (containerId) => void exitWatch.settle(containerId),
  });
  await reconcileAtStart({ ...shared, copyPoints, reporter, bootId });
  const exitWatch = new ExitWatch({ drivers, machines, reporter, logger, isBusy: (id) => lanes.isBusy(id) });
  const asks = new AskDesk(drivers, machines, dataDir);

  function receive(message: ControlMessage): void {
    switch (message.type) {
      case 'dispatch':
        logger.info(
          {
            operation_id: message.operation_id,
            container_id: message.container_id,
            request_id: message.request_id,
            command: message.command,
          },
          'dispatch received',
        );
        lanes.accept(message);
        return;
      case 'cancel':
        lanes.cancel(message.operation_id, 'cancelled');
        return;
      case 'ask':
        void asks.answer(message).then(send);
        return;
      case 'welcome':
        if (message.ticket_keys !== undefined) transfers.acceptTicketKeys(message.ticket_keys);
        void quarantineAll(message.quarantine);
        return;
      case 'acknowledged':
      case 'pong':
    }
  }
  async function quarantineAll(containerIds: readonly string[]): Promise<void> {
    for (const containerId of containerIds) {
      if (machines.find(containerId) === undefined || lanes.isBusy(containerId)) continue;
      await quarantineMachine(shared, containerId).catch((error: unknown) => {
        logger.error({ err: error, container_id: containerId }, 'quarantine failed');
      });
    }
  }

  registerGauges(metrics, { machines, journal, outbound, lanes, isLinkUp: () => link.isUp });
  const metricsServer =
    configuration.metricsPort === null
      ? undefined
      : await serveMetrics(configuration.metricsPort, metrics, () => ({
          healthy: link.isUp,
          details: { link_up: link.isUp, driver_set: drivers.name, machines: machines.present().length },
        }));
  const localApi = await serveLocalApi({
    dataDir,
    drivers,
    machines,
    logger,
    status: () => ({
      version: daemonVersion,
      server_id: identity.server_id,
      server_name: identity.server_name,
      control_url: identity.control_url,
      link_up: link.isUp,
      last_refusal: link.lastRefusal,
      driver_set: drivers.name,
      development_only: drivers.developmentOnly,
      notes: [...drivers.notes],
      metrics_port: metricsServer?.port ?? null,
      machines: machines.present().length,
      operations: lanes.load(),
      unacknowledged: outbound.count(),
    }),
  });
  lanes.resume();
  link.open();
  logger.info({ version: daemonVersion, metrics_port: metricsServer?.port ?? null }, 'daemon ready');

  return {
    close: async () => {
      logger.info({ on_exit: configuration.onExit }, 'daemon stopping');
      const closing = lanes.close(runningStepTimeoutMs);
      await transfers.close();
      await closing;
      exitWatch.close();
      const stops =
        configuration.onExit === 'with-host' ? await hostGoesDown() : configuration.onExit === 'stop';
      if (stops) await stopMachines({ ...shared, reporter });
      await link.close(lastMessagesTimeoutMs);
      await localApi.close();
      await metricsServer?.close();
      await drivers.close();
      journal.close();
      unlock();
      logger.info('daemon stopped');
    },
  };
}
