/** What the layers cost: operations end to end against the bare driver, reads against an empty hop. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareMachine } from '../node-daemon/src/drivers/bare-machine.ts';
import { openDriverSet } from '../node-daemon/src/drivers/driver-set.ts';
import type { Stack } from '../scripts/stack/stack.ts';
import { median, ms, quantile, timed, type Finding } from './statistics.ts';

const ROUNDS = 15;
const READS = 400;
const CREATE_MS_MAX = 60;
const PAUSE_MS_MAX = 15;
const READ_RATIO_MAX = 4;

/** One keep-alive connection, as an SDK has. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(
  stack: Stack,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; data: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      host: stack.apiDomain,
      authorization: `Bearer ${stack.bootstrap.operator.token}`,
      ...(content === ''
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
    };
    const outgoing = request(
      { agent, host: '127.0.0.1', port: stack.port, path: `/api/v1${path}`, method, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const parsed = JSON.parse(text) as { data?: Record<string, unknown> };
          resolve({ status: response.statusCode ?? 0, data: parsed.data ?? {} });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

async function succeed(
  stack: Stack,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const { status, data } = await call(stack, method, path, body);
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(data)}`);
  return data;
}

/** Creates a container and waits for it as a client does: one POST, then one held-back GET. */
async function createRunning(stack: Stack): Promise<string> {
  const { project_id: projectId, server_id: serverId } = stack.bootstrap;
  const fields = { server_id: serverId, hoody_kit: false, ramdisk: false, cpu: 1, memory: 0.5 };
  const created = await succeed(stack, 'POST', `/projects/${projectId}/containers`, fields);
  const operation = created['operation'] as { id: string } | null;
  if (operation !== null) {
    const outcome = await succeed(stack, 'GET', `/operations/${operation.id}?wait=60`);
    if (outcome['status'] !== 'succeeded') throw new Error(JSON.stringify(outcome));
  }
  return String(created['id']);
}

export async function measureOperations(stack: Stack): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bare-driver-'));
  const bare: Record<'create' | 'freeze' | 'thaw', number[]> = { create: [], freeze: [], thaw: [] };
  const whole: Record<'create' | 'pause' | 'resume', number[]> = { create: [], pause: [], resume: [] };
  const set = openDriverSet('auto', folder);
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      const machine = bareMachine(set);
      const driver = {
        create: await timed(() => machine.create()),
        freeze: await timed(() => machine.freeze()),
        thaw: await timed(() => machine.thaw()),
      };
      await machine.delete();
      let id = '';
      const stacked = {
        create: await timed(async () => (id = await createRunning(stack))),
        pause: await timed(() => succeed(stack, 'POST', `/containers/${id}/pause`)),
        resume: await timed(() => succeed(stack, 'POST', `/containers/${id}/resume`)),
      };
      await succeed(stack, 'DELETE', `/containers/${id}`);
      // The first round warms both up.
      if (round === 0) continue;
      for (const key of ['create', 'freeze', 'thaw'] as const) bare[key].push(driver[key]);
      for (const key of ['create', 'pause', 'resume'] as const) whole[key].push(stacked[key]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const above = (what: string, layered: number[], driver: number[], max: number): Finding => {
    const difference = median(layered) - median(driver);
    return {
      what: `${what}: ${ms(median(layered))} end to end, bare driver ${ms(median(driver))}`,
      measured: `+${ms(difference)}`,
      target: `≤ +${max} ms`,
      isMet: difference <= max,
    };
  };
  return [
    above('create → running', whole.create, bare.create, CREATE_MS_MAX),
    above('pause', whole.pause, bare.freeze, PAUSE_MS_MAX),
    above('resume', whole.resume, bare.thaw, PAUSE_MS_MAX),
  ];
}

export async function measureReads(stack: Stack): Promise<Finding[]> {
  const id = await createRunning(stack);
  const [hop, read]: [number[], number[]] = [[], []];
  for (let round = 0; round < READS; round += 1) {
    // Router, binding and dispatch without anything behind: an answer that there is no such path.
    hop.push(await timed(() => call(stack, 'GET', '/nowhere')));
    read.push(await timed(() => succeed(stack, 'GET', `/containers/${id}`)));
  }
  await succeed(stack, 'DELETE', `/containers/${id}`);
  const ratio = median(read) / median(hop);
  return [
    {
      what: `GET /containers/{id}: p50 ${ms(median(read))}, p99 ${ms(quantile(read, 0.99))}; empty router → api hop: p50 ${ms(median(hop))}`,
      measured: `${ratio.toFixed(1)} ×`,
      target: `≤ ${READ_RATIO_MAX} ×`,
      isMet: ratio <= READ_RATIO_MAX,
    },
  ];
}

/** Resident memory of the idle stack: this process (database endpoint, supervisor), workerd, the daemon. */
export function measureMemory(stack: Stack): Finding[] {
  const resident = (pid: number | string): number =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  const parts: Record<string, number> = { 'supervisor and database': resident('self') };
  const daemonPid = stack.daemonPid();
  if (daemonPid !== null) parts['daemon'] = resident(daemonPid);
  for (const child of readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')) {
    const name = readFileSync(`/proc/${child}/comm`, 'utf8').trim();
    if (name.startsWith('workerd')) parts['workerd'] = resident(child);
  }
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const detail = Object.entries(parts)
    .map(([name, part]) => `${name} ${part.toFixed(0)}`)
    .join(', ');
  return [
    {
      what: `memory of the whole idle stack (MiB): ${detail}`,
      measured: `${total.toFixed(0)} MiB`,
      target: 'stated',
      isMet: true,
    },
  ];
}
