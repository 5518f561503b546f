import type { Env } from './env.ts';

const PART_TIMEOUT_MS = 3000;

/** One part of the stack. `detail` says what is wrong, for operators, without secrets. */
interface PartHealth {
  readonly up: boolean;
  readonly connected?: number;
  readonly detail?: string;
}

interface WorkerHealth {
  readonly worker: PartHealth;
  readonly database: PartHealth;
  readonly hosts: PartHealth;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function partOf(answer: unknown, name: string): PartHealth {
  const part = isRecord(answer) ? answer[name] : undefined;
  if (!isRecord(part)) return { up: false, detail: 'not reported' };
  const connected = part['connected'];
  const detail = part['detail'];
  return {
    up: part['up'] === true,
    ...(typeof connected === 'number' ? { connected } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  };
}

/** Asks a worker's `/internal/health`: `{database: {up}, hosts?: {up, connected}}`, 200 whenever it runs. */
async function ask(worker: Fetcher): Promise<WorkerHealth> {
  const unknown = { up: false, detail: 'not reported' };
  try {
    const response = await worker.fetch('http://internal/internal/health', {
      signal: AbortSignal.timeout(PART_TIMEOUT_MS),
    });
    const answer: unknown = await response.json();
    const own: PartHealth = response.ok ? { up: true } : { up: false, detail: `status ${response.status}` };
    return { worker: own, database: partOf(answer, 'database'), hosts: partOf(answer, 'hosts') };
  } catch (error) {
    const detail = error instanceof Error && error.name === 'TimeoutError' ? 'timed out' : 'no answer';
    return { worker: { up: false, detail }, database: unknown, hosts: unknown };
  }
}

/**
 * `GET /healthz`: 200 once every part of the stack is up and at least one host is connected, else 503; the
 * body names each part either way.
 */
export async function healthResponse(env: Env): Promise<Response> {
  const [api, billing] = await Promise.all([ask(env.API), ask(env.BILLING)]);
  const database: PartHealth = api.database.up ? billing.database : api.database;
  const parts: Record<string, PartHealth> = {
    router: { up: true },
    api: api.worker,
    billing: billing.worker,
    database,
    hosts: api.hosts,
  };
  const isUp = Object.values(parts).every((part) => part.up);
  return Response.json({ status: isUp ? 'ok' : 'unavailable', parts }, { status: isUp ? 200 : 503 });
}
