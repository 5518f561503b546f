import type { ControlMessage, HostMessage } from '@control-plane/contract/link';
import type { DriverSet } from './drivers/types.ts';
import type { MachineTable } from './journal/machine-table.ts';
import { observeHost } from './observe-host.ts';
import { fail, succeed, type Outcome } from './outcome.ts';

type Ask = Extract<ControlMessage, { type: 'ask' }>;
type Answer = Extract<HostMessage, { type: 'answer' }>;

const asksMax = 32;

/** Answers the control plane's read-only questions, a bounded number at a time. */
export class AskDesk {
  readonly #drivers: DriverSet;
  readonly #machines: MachineTable;
  readonly #dataDir: string;
  #open = 0;

  /** @param dataDir where the host keeps its machines: whose file system is meant by its storage */
  constructor(drivers: DriverSet, machines: MachineTable, dataDir: string) {
    this.#drivers = drivers;
    this.#machines = machines;
    this.#dataDir = dataDir;
  }

  async answer(ask: Ask): Promise<Answer> {
    if (this.#open >= asksMax) return toAnswer(ask, fail('CAPACITY_EXCEEDED', 'Too many questions at once.'));
    this.#open += 1;
    try {
      return toAnswer(ask, await this.#look(ask));
    } catch {
      return toAnswer(ask, fail('DRIVER_FAILED', 'The host could not look at the machine.'));
    } finally {
      this.#open -= 1;
    }
  }

  async #look(ask: Ask): Promise<Outcome<unknown>> {
    if (ask.kind === 'host') return succeed(await observeHost(this.#dataDir));
    const { container, storage } = this.#drivers;
    const { containerId, spec, state, incarnation } = this.#machines.find(ask.container_id) ?? {};
    if (containerId === undefined || spec === undefined || incarnation === undefined || state === 'absent') {
      return fail('MACHINE_NOT_FOUND', 'This host has no such machine.');
    }
    if (ask.kind === 'runtime') return container.runtime(containerId);
    return container.stats({ incarnation, spec }, await storage.usedBytes(containerId));
  }
}

function toAnswer(ask: Ask, outcome: Outcome<unknown>): Answer {
  const { ask_id: askId } = ask;
  if (outcome.ok) return { type: 'answer', ask_id: askId, data: outcome.value };
  return {
    type: 'answer',
    ask_id: askId,
    error: { code: outcome.failure.code, message: outcome.failure.message },
  };
}
