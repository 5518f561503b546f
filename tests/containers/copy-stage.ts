/** Two servers whose hosts do what a test says, and what the tests of copies do with them. */
import { newObjectId, secureRandom } from '@control-plane/auth';
import type { Dispatch, HostCommand, HostErrorCode } from '@control-plane/contract/link';
import { openDatabase, schema } from '@control-plane/database';
import { eq } from 'drizzle-orm';
import { createHash, randomBytes } from 'node:crypto';
import type { Stack } from '../../scripts/stack/stack.ts';
import { connectScriptedHost, type ScriptedHost } from '../resources/scripted-host.ts';
import { ApiClient, eventually, type Container } from '../support/api-client.ts';
import { temporaryStack } from '../support/stack-fixture.ts';

/** Bytes that every copy point is said to have. */
export const SIZE = 4096;
const CAPABILITIES = { copy: true, stateful_snapshot: true };

export interface CopyStage {
  readonly stack: Stack;
  readonly api: ApiClient;
  readonly home: ScriptedHost;
  readonly away: ScriptedHost;
  /** The other server: it takes no connections, the stack's own does. */
  readonly awayId: string;
  /** Commands whose next dispatch fails, and how. */
  readonly failures: Map<HostCommand, HostErrorCode>;
  /** Copies into the operator's project. */
  copyOf(source: Container, fields?: Record<string, unknown>): Promise<Container>;
  /** The container, once nothing runs on it. */
  settled(id: string): Promise<Container>;
  /** Types of the events about a container. */
  events(id: string): Promise<string[]>;
  release(): Promise<void>;
}

/** What such a host answers: the success that the command wants, or the failure that was ordered. */
function outcomeOf(failures: Map<HostCommand, HostErrorCode>) {
  return ({ command, parameters }: Dispatch) => {
    const code = failures.get(command);
    if (code !== undefined) {
      failures.delete(command);
      const state = command === 'copy-in' ? ('absent' as const) : ('running' as const);
      return { code, message: 'as the test wanted it', state };
    }
    const stateful = parameters.stateful === true;
    const state = 'running' as const;
    if (command === 'copy-out') {
      return { state, copy_point: { name: parameters.copy_point ?? '', stateful, size_bytes: SIZE } };
    }
    if (command === 'snapshot') {
      const name = parameters.snapshot_name ?? '';
      const created_at = new Date().toISOString();
      return { state, snapshot: { name, stateful, size_bytes: 1, created_at } };
    }
    if (command === 'copy-in') return { restored_as: stateful ? ('memory' as const) : ('cold' as const) };
    if (command === 'sync-in') return { state, restored_as: 'cold' as const };
    return undefined;
  };
}

async function addServer(stack: Stack): Promise<{ id: string; joinToken: string }> {
  const database = openDatabase(stack.databaseUrl, stack.databaseToken);
  const id = newObjectId(secureRandom);
  const joinToken = randomBytes(32).toString('hex');
  const now = Date.now();
  await database.insert(schema.servers).values({ id, name: 'node-away', createdAt: now, updatedAt: now });
  await database.insert(schema.hostJoinTokens).values({
    tokenHash: createHash('sha256').update(joinToken).digest('hex'),
    serverId: id,
    expiresAt: now + 3_600_000,
    createdAt: now,
  });
  return { id, joinToken };
}

/** Starts a stack with two such hosts. */
export async function openCopyStage(): Promise<CopyStage> {
  const { stack, release } = await temporaryStack({ withDaemon: false });
  const api = new ApiClient(stack);
  const failures = new Map<HostCommand, HostErrorCode>();
  const outcome = outcomeOf(failures);
  const transfer = { addresses: ['192.0.2.7', '198.51.100.7'], port: 9443 };
  const home = await connectScriptedHost(stack, { capabilities: CAPABILITIES, transfer, outcome });
  const server = await addServer(stack);
  const away = await connectScriptedHost(stack, { server, capabilities: CAPABILITIES, outcome });
  return {
    stack,
    api,
    home,
    away,
    awayId: server.id,
    failures,
    async copyOf(source, fields = {}) {
      const body = { target_project_id: stack.bootstrap.project_id, ...fields };
      return (await api.expect<Container>(201, 'POST', `/containers/${source.id}/copy`, body)).body.data;
    },
    settled: (id) =>
      eventually(`${id} is settled`, async () => {
        const found = await api.get(id);
        return found.operation === null ? found : undefined;
      }),
    async events(id) {
      const database = openDatabase(stack.databaseUrl, stack.databaseToken);
      const rows = await database.select().from(schema.events).where(eq(schema.events.resourceId, id));
      return rows.map(({ eventType }) => eventType);
    },
    release,
  };
}

/** The dispatches of one kind about one container, the oldest first. */
export function about(host: ScriptedHost, containerId: string, command: HostCommand): Dispatch[] {
  return host.dispatches.filter((each) => each.container_id === containerId && each.command === command);
}

/** The nth dispatch of this kind, once it has come. */
export function dispatched(
  host: ScriptedHost,
  containerId: string,
  command: HostCommand,
  nth = 1,
): Promise<Dispatch> {
  return eventually(`${command} of ${containerId} is dispatched`, async () =>
    about(host, containerId, command).at(nth - 1),
  );
}
