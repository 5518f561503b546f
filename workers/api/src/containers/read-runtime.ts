import type { RuntimeSection } from '@control-plane/contract';
import { fail, ok, type Result } from '@control-plane/contract';
import { MachineRuntime } from '@control-plane/contract/link';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { AuthenticatedContext } from '../context.ts';
import { hostGateway } from '../objects/gateways.ts';

const ASK_TIMEOUT_MS = 3_000;
/** An answer is used again for this long; it is a look at a moving thing anyway. */
const CACHE_MS = 2_000;
const CACHE_ENTRIES_MAX = 500;

const cache = new Map<string, { readonly at: number; readonly runtime: MachineRuntime }>();

/**
 * What runs inside a container, by section. Null when it does not run; RUNTIME_UNAVAILABLE when its host
 * can't be asked.
 */
export async function readRuntime(
  context: AuthenticatedContext,
  record: ContainerRecord,
  sections: readonly RuntimeSection[],
): Promise<Result<ReturnType<typeof presentRuntime> | null>> {
  if (record.status !== 'running') return ok(null);
  const now = Date.now();
  const key = `${record.id} ${record.incarnation}`;
  const cached = cache.get(key);
  if (cached !== undefined && now - cached.at < CACHE_MS) return ok(presentRuntime(cached.runtime, sections));

  const host = hostGateway(context.env, record.serverId);
  const answer = await host.ask('runtime', record.id, ASK_TIMEOUT_MS);
  const runtime = answer.ok ? MachineRuntime().safeParse(answer.data) : null;
  if (runtime === null || !runtime.success) {
    return fail(
      'RUNTIME_UNAVAILABLE',
      `Server "${record.serverName}" can't tell what runs in the container now`,
    );
  }
  if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
  cache.set(key, { at: now, runtime: runtime.data });
  return ok(presentRuntime(runtime.data, sections));
}

function presentRuntime(runtime: MachineRuntime, sections: readonly RuntimeSection[]) {
  const has = (section: RuntimeSection): boolean => sections.includes(section);
  return {
    ...(has('displays') ? { displays: [] } : {}),
    ...(has('services')
      ? {
          services: runtime.processes.map(({ pid, name, command }) => ({
            name,
            status: 'running',
            pid,
            main_pid: pid,
            description: command,
          })),
        }
      : {}),
    ...(has('network_services')
      ? {
          network_services: runtime.listeners.map(({ protocol, address, port }) => ({
            protocol,
            ip: address,
            port,
          })),
        }
      : {}),
    ...(has('terminals') ? { terminals: [] } : {}),
  };
}
