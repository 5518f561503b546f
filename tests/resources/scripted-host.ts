/** A host that does what a test says: it enrols, connects and answers, and nothing really runs on it. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  CONNECT_HEADERS,
  ControlMessage,
  LINK_PATHS,
  PING_TEXT,
  connectSigningText,
  type Dispatch,
  type Hello,
  type HostCommand,
  type HostMessage,
  type ObservedState,
  type OperationError,
  type OperationResult,
} from '@control-plane/contract/link';
import { WebSocket } from 'ws';
import { waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { httpCall } from '../../scripts/stack/http-call.ts';
import type { Stack } from '../../scripts/stack/stack.ts';

const HELLO: Hello = {
  type: 'hello',
  protocol: 1,
  daemon_version: 'scripted',
  boot_id: 'boot',
  facts: {
    hostname: 'scripted',
    kernel: '6',
    os: 'linux',
    architecture: 'x86_64',
    cpu_cores: 4,
    memory_bytes: 2 ** 33,
    disk_bytes: 2 ** 36,
    tools: {},
  },
  drivers: {
    container: 'none',
    storage: 'none',
    checkpoint: 'none',
    network: 'none',
    development_only: true,
  },
  capabilities: {
    pause: true,
    snapshot: true,
    stateful_snapshot: false,
    cpu_limit: true,
    memory_limit: true,
    network: false,
    ramdisk: true,
    kvm: false,
    ssh: false,
    copy: false,
  },
  images: [
    {
      name: 'debian/13',
      os: 'debian',
      release: '13',
      variant: null,
      architecture: 'x86_64',
      serial: '1',
      size_bytes: 1000,
      description: 'scripted',
      is_default: true,
    },
  ],
  inventory: [],
};

const STATE_AFTER: Partial<Record<HostCommand, ObservedState>> = {
  create: 'running',
  start: 'running',
  restart: 'running',
  resume: 'running',
  pause: 'paused',
  delete: 'absent',
  'copy-in': 'running',
};

const PING_MS = 3_000;

export interface ScriptedHost {
  /** Commands of this kind are accepted and never finished, until `answer` is called for them. */
  ignore(command: HostCommand): void;
  answer(command: HostCommand): void;
  /** Every dispatch that came, the oldest first; a repeated one is there twice. */
  readonly dispatches: readonly Dispatch[];
  /** The keys for tickets that the welcome brought. */
  readonly ticketKeys: readonly { readonly kid: string; readonly public_key: string }[];
  readonly publicKey: string;
  /** Tells how far a dispatch has come. */
  progress(dispatch: Dispatch, figures: { readonly bytes_done: number; readonly bytes_total: number }): void;
  /** Ends the link and resolves when it is closed. */
  disconnect(): Promise<void>;
}

export interface ScriptedHostOptions {
  /** Another server than the stack's own. */
  readonly server?: { readonly id: string; readonly joinToken: string };
  readonly capabilities?: Partial<Hello['capabilities']>;
  readonly transfer?: Hello['facts']['transfer'];
  /** What a dispatch comes to; undefined: its usual success. */
  readonly outcome?: (dispatch: Dispatch) => Partial<OperationResult> | OperationError | undefined;
}

/** Enrols a host with a join token and connects it; resolves when it was welcomed and its images are recorded. */
export async function connectScriptedHost(
  stack: Stack,
  options: ScriptedHostOptions = {},
): Promise<ScriptedHost> {
  const server = options.server ?? { id: stack.bootstrap.server_id, joinToken: stack.joinToken };
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const rawKey = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const timestamp = Math.floor(Date.now() / 1000);
  const enrolled = await httpCall(stack.port, {
    method: 'POST',
    path: LINK_PATHS.enroll,
    body: {
      join_token: server.joinToken,
      public_key: rawKey.toString('hex'),
      hostname: 'scripted',
      timestamp,
    },
  });
  if (enrolled.status !== 200) throw new Error(`the host could not enrol: ${enrolled.text}`);

  const nonce = randomBytes(16).toString('hex');
  const text = connectSigningText(server.id, timestamp, nonce);
  const link = new WebSocket(`ws://127.0.0.1:${stack.port}${LINK_PATHS.connect}`, {
    headers: {
      [CONNECT_HEADERS.serverId]: server.id,
      [CONNECT_HEADERS.timestamp]: String(timestamp),
      [CONNECT_HEADERS.nonce]: nonce,
      [CONNECT_HEADERS.signature]: sign(null, Buffer.from(text), privateKey).toString('hex'),
    },
  });
  const ignored = new Set<HostCommand>();
  const held: { readonly command: HostCommand; readonly complete: () => void }[] = [];
  const dispatches: Dispatch[] = [];
  const ticketKeys: { kid: string; public_key: string }[] = [];
  const send = (message: HostMessage): void => link.send(JSON.stringify(message));

  function receive(message: ControlMessage): void {
    if (message.type === 'ask') {
      const error = { code: 'MACHINE_NOT_FOUND' as const, message: 'nothing runs here' };
      send({ type: 'answer', ask_id: message.ask_id, error });
    }
    if (message.type !== 'dispatch') return;
    dispatches.push(message);
    const { operation_id, container_id, incarnation, command } = message;
    const complete = (): void => {
      const outcome = options.outcome?.(message);
      if (outcome !== undefined && 'code' in outcome) {
        send({ type: 'failed', operation_id, container_id, incarnation, error: outcome });
        return;
      }
      const usual = { state: STATE_AFTER[command] ?? 'stopped', duration_ms: 1, steps: [] };
      send({ type: 'completed', operation_id, container_id, incarnation, result: { ...usual, ...outcome } });
    };
    send({ type: 'accepted', operation_id });
    if (ignored.has(command)) held.push({ command, complete });
    else complete();
  }

  await new Promise<void>((welcomed, rejected) => {
    link.once('error', rejected);
    const { facts, capabilities } = HELLO;
    const hello: Hello = {
      ...HELLO,
      facts: { ...facts, transfer: options.transfer ?? null },
      capabilities: { ...capabilities, ...options.capabilities },
    };
    link.once('open', () => send(hello));
    link.on('message', (data: Buffer) => {
      const parsed = ControlMessage().safeParse(JSON.parse(data.toString('utf8')));
      if (!parsed.success) return;
      if (parsed.data.type === 'welcome') {
        ticketKeys.push(...(parsed.data.ticket_keys ?? []));
        welcomed();
      }
      receive(parsed.data);
    });
  });
  await waitFor('the record of what the host has', async () => {
    const images = await httpCall(stack.port, { path: '/api/v1/images/public', host: stack.apiDomain });
    return images.text.includes(HELLO.images[0]?.name ?? '');
  });
  // A host that is silent for too long is taken for gone.
  const pings = setInterval(() => link.send(PING_TEXT), PING_MS);
  link.once('close', () => clearInterval(pings));
  return {
    ignore: (command) => void ignored.add(command),
    answer(command) {
      ignored.delete(command);
      const released = held.filter((entry) => entry.command === command);
      for (const entry of released) {
        held.splice(held.indexOf(entry), 1);
        entry.complete();
      }
    },
    dispatches,
    ticketKeys,
    publicKey: rawKey.toString('hex'),
    progress({ operation_id, container_id, incarnation }, figures) {
      const step = { step: 'receive', step_index: 1, step_count: 3 };
      send({ type: 'progress', operation_id, container_id, incarnation, ...step, ...figures });
    },
    disconnect: () =>
      new Promise((closed) => {
        link.once('close', () => closed());
        link.close(1000);
      }),
  };
}
