/** What moving money costs, against an empty write transaction that goes the same way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { postTransaction } from '@control-plane/database';
import { newObjectId, secureRandom } from '@control-plane/auth';
import { topUp } from '@control-plane/ledger';
import { drizzle } from 'drizzle-orm/libsql';
import { bundleWorker } from '../scripts/stack/bundle-worker.ts';
import { httpCall } from '../scripts/stack/http-call.ts';
import { REPOSITORY_ROOT } from '../scripts/stack/repository-root.ts';
import { startStack, type Stack } from '../scripts/stack/stack.ts';
import { median, ms, quantile, timed, type Finding } from './statistics.ts';

const ROUNDS = 400;
const WARM_UP = 40;
const RATIO_MAX = 3;

/** Starts a stack whose billing worker has the yardstick, for as long as `measure` runs. */
export async function withMoneyStack<T>(measure: (stack: Stack) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-money-'));
  const entry = join(REPOSITORY_ROOT, 'workers/billing/src/testing/yardstick-worker.ts');
  const { script } = await bundleWorker(entry);
  const stack = await startStack({
    dataDir,
    withDaemon: false,
    payments: 'emulated',
    workerScripts: { billing: script },
  });
  try {
    return await measure(stack);
  } finally {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Milliseconds of a POST that must succeed. */
export async function timedPost(stack: Stack, path: string, body?: unknown, headers = {}): Promise<number> {
  return timed(async () => {
    const answer = await httpCall(stack.port, {
      method: 'POST',
      path,
      host: stack.apiDomain,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
  });
}

/** A transfer to AI credit, and the empty write, taking turns. */
export async function measureTransfer(stack: Stack): Promise<Finding[]> {
  const { token } = stack.bootstrap.operator;
  const headers = { authorization: `Bearer ${token}` };
  const me = await httpCall(stack.port, { path: '/api/v1/users/auth/me', host: stack.apiDomain, headers });
  const userId: unknown = Reflect.get(Object(Reflect.get(Object(me.json), 'data')), 'id');
  if (typeof userId !== 'string') throw new Error(`nobody is signed in: ${me.text}`);
  const database = drizzle(createClient({ url: stack.databaseUrl, authToken: stack.databaseToken }));
  const head = { id: newObjectId(secureRandom), userId, description: 'Benchmark', now: Date.now() };
  await postTransaction(database, topUp({ ...head, provider: 'bank', cents: 10_000_000 }));

  const [empty, transfer]: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const emptyMs = await timedPost(stack, '/api/v1/wallet/empty-write', undefined, headers);
    const body = { amount: '1.00', idempotency_key: `round ${round}`, expected_fee_bps: 500 };
    const transferMs = await timedPost(stack, '/api/v1/wallet/transfers', body, headers);
    if (round < 0) continue;
    empty.push(emptyMs);
    transfer.push(transferMs);
  }
  const ratio = median(transfer) / median(empty);
  return [
    {
      what:
        `transfer to AI credit: p50 ${ms(median(transfer))}, p99 ${ms(quantile(transfer, 0.99))}; ` +
        `empty write transaction through the same stack: p50 ${ms(median(empty))}`,
      measured: `${ratio.toFixed(2)} ×`,
      target: `≤ ${RATIO_MAX} ×`,
      isMet: ratio <= RATIO_MAX,
    },
  ];
}
