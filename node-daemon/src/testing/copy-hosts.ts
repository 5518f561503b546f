import type { CopySource, Dispatch, MachineSpec, TransferEndpoint } from '@control-plane/contract/link';
import {
  generateSigningKey,
  parseSigningKeys,
  signTransferTicket,
  type SigningKeys,
  type TransferTicket,
} from '@control-plane/signing';
import { randomBytes } from 'node:crypto';
import type { DaemonProcessOptions, DaemonProcess } from './daemon-process.ts';
import type { Ended } from './fake-control-plane.ts';
import { TestHost } from './test-host.ts';

/** Name for a new copy point. */
export function makePointName(): string {
  return `copy-${randomBytes(12).toString('hex')}`;
}

/** Keys of a control plane. */
export async function makeSigningKeys(): Promise<SigningKeys> {
  const key = await generateSigningKey();
  const parsed = await parseSigningKeys(JSON.stringify({ active_kid: key.kid, keys: [key] }));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export type WantedTransfer = {
  readonly from: CopyHost;
  readonly spec: MachineSpec;
  readonly point: string;
  readonly base?: string | null;
  readonly withSnapshots?: boolean;
};

/** A host of a control plane whose hosts copy to each other. */
export class CopyHost extends TestHost {
  readonly keys: SigningKeys;
  readonly #daemonOptions: Partial<DaemonProcessOptions>;
  readonly #spawned: DaemonProcess[] = [];

  private constructor(keys: SigningKeys, daemonOptions: Partial<DaemonProcessOptions>) {
    super();
    this.keys = keys;
    this.#daemonOptions = daemonOptions;
    this.control.ticketKeys = keys.keys.map(({ kid, publicHex }) => ({ kid, public_key: publicHex }));
  }

  /** A host that is reachable for others. */
  static async open(keys: SigningKeys, daemonOptions: Partial<DaemonProcessOptions> = {}): Promise<CopyHost> {
    const host = new CopyHost(keys, { transferListen: '127.0.0.1:0', ...daemonOptions });
    await host.control.listen();
    return host;
  }

  override spawnDaemon(options: Partial<DaemonProcessOptions> = {}): DaemonProcess {
    const daemon = super.spawnDaemon({ ...this.#daemonOptions, ...options });
    this.#spawned.push(daemon);
    return daemon;
  }

  /** Ends what a failed test left running, so that the next one begins with no daemon. */
  async killDaemons(): Promise<void> {
    for (const daemon of this.#spawned.splice(0)) if (!daemon.hasExited) await daemon.kill();
  }

  /** Where its daemon listens, as it said last. */
  get endpoint(): TransferEndpoint {
    const transfer = this.control.ofType('hello').at(-1)?.facts.transfer;
    if (transfer === null || transfer === undefined) throw new Error('The daemon gives nothing to others.');
    return transfer;
  }

  get publicKeyHex(): string {
    return this.control.publicKeyHex ?? '';
  }

  /** Makes a copy point of a machine. */
  async copyOut(spec: MachineSpec, parameters: Dispatch['parameters'] = {}): Promise<string> {
    const point = makePointName();
    const ended = await this.control.run(spec, 'copy-out', {
      parameters: { copy_point: point, ...parameters },
    });
    if (ended.type === 'failed') throw new Error(`${ended.error.code}: ${ended.error.message}`);
    return point;
  }

  /** The ticket by which this host may fetch something. */
  ticket(wanted: WantedTransfer, overrides: Partial<TransferTicket> = {}, keys = this.keys): Promise<string> {
    return signTransferTicket(keys, {
      ticket_id: randomBytes(16).toString('hex'),
      source_server_id: wanted.from.control.serverId,
      target_server_id: this.control.serverId,
      target_public_key: this.publicKeyHex,
      source_container_id: wanted.spec.container_id,
      copy_point: wanted.point,
      base: wanted.base ?? null,
      with_snapshots: wanted.withSnapshots ?? false,
      expires_at: Math.floor(Date.now() / 1000) + 600,
      ...overrides,
    });
  }

  /** What a dispatch says of the source; of this host itself without ticket and endpoint. */
  async sourceOf(wanted: WantedTransfer, overrides: Partial<CopySource> = {}): Promise<CopySource> {
    const isHere = wanted.from === this;
    return {
      container_id: wanted.spec.container_id,
      server_id: wanted.from.control.serverId,
      endpoint: isHere ? null : wanted.from.endpoint,
      public_key: wanted.from.publicKeyHex,
      ticket: isHere ? null : await this.ticket(wanted),
      stateful: false,
      size_bytes: 0,
      ...overrides,
    };
  }

  /** Makes `target` a copy of what is wanted. */
  async copyIn(
    target: MachineSpec,
    wanted: WantedTransfer,
    parameters: Dispatch['parameters'] = {},
  ): Promise<Ended> {
    return this.control.run(target, 'copy-in', {
      parameters: {
        copy_point: wanted.point,
        copy_source: await this.sourceOf(wanted),
        keep_base: true,
        ...(wanted.withSnapshots === true ? { with_snapshots: true } : {}),
        ...parameters,
      },
    });
  }

  /** Brings `target` to what is wanted. */
  async syncIn(
    target: MachineSpec,
    wanted: WantedTransfer,
    incarnation: number,
    parameters: Dispatch['parameters'] = {},
  ): Promise<Ended> {
    const { base } = wanted;
    return this.control.run(target, 'sync-in', {
      incarnation,
      parameters: {
        copy_point: wanted.point,
        copy_source: await this.sourceOf(wanted),
        keep_base: true,
        ...(base === undefined || base === null ? {} : { base }),
        ...parameters,
      },
    });
  }
}
