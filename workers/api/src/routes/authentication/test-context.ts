/** A stage for tests of operations: a real database, and in place of the edge what it would hand over. */
import { randomObjectId, createLogger, authenticate, authorize } from '@control-plane/serving';
import { secureRandom } from '@control-plane/auth';
import type { RouteDefinition } from '@control-plane/contract';
import type { ApiError } from '@control-plane/contract/errors';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { exportJWK, generateKeyPair } from 'jose';
import type { RequestContext } from '../../context.ts';
import type { Env } from '../../env.ts';
import type { Mail } from '../../mail/mail.ts';
import type { RateLimitVerdict } from '@control-plane/serving/rate-limit-object';
import type { Operation } from '../../operation.ts';

export interface Call {
  readonly body?: unknown;
  readonly params?: Record<string, string>;
  readonly authorization?: string;
  readonly realmId?: string;
  readonly clientAddress?: string;
  readonly seedId?: string;
}

/** What came of a call: the answer's parts or the expected failure. */
export type Outcome =
  | { readonly ok: true; readonly data: Record<string, unknown>; readonly extra: Record<string, unknown> }
  | { readonly ok: false; readonly error: ApiError };

export interface Stage {
  readonly database: TemporaryDatabase['database'];
  readonly mails: Mail[];
  readonly env: Env;
  /** Attempts that a limiter counts now, of all keys together. */
  readonly counted: (limiter: string) => number;
  /** Runs an operation as the dispatcher does, up to the end of its background work. */
  readonly call: (operation: Operation, call?: Call) => Promise<Outcome>;
  readonly dispose: () => void;
}

/** The limiter's rule without its object: counts for ever. */
function countingLimits() {
  const counts = new Map<string, number>();
  const get = (name: string) => ({
    take: async (limit: number, windowMs: number): Promise<RateLimitVerdict> => {
      const count = counts.get(name) ?? 0;
      if (count >= limit) return { allowed: false, retryAfterMs: windowMs };
      counts.set(name, count + 1);
      return { allowed: true, slot: count };
    },
    giveBack: async (): Promise<void> => void counts.set(name, (counts.get(name) ?? 1) - 1),
  });
  const counted = (limiter: string): number =>
    [...counts].reduce((sum, [name, count]) => (name.startsWith(`${limiter}:`) ? sum + count : sum), 0);
  return { namespace: { idFromName: (name: string) => name, get }, counted };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Checks an answer against the route's own schemas, as a client written by them would. */
function checkAnswer(route: RouteDefinition, data: unknown): void {
  if (route.data === undefined) {
    if (data !== null) throw new Error(`${route.operationId} answers data that its route does not declare`);
  } else {
    route.data().parse(data);
  }
}

/** Builds a stage with a database of its own. */
export async function openStage(): Promise<Stage> {
  const { database, dispose } = await openTemporaryDatabase();
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const mails: Mail[] = [];
  const outbox = {
    fetch: async (_url: string, init: { body: string }) => {
      mails.push(JSON.parse(init.body));
      return new Response(null, { status: 202 });
    },
  };
  const limits = countingLimits();
  const env = {
    API_DOMAIN: 'api.example.test',
    JWT_KEYS: JSON.stringify({ active_kid: 'k', keys: [{ kid: 'k', jwk: await exportJWK(privateKey) }] }),
    ENCRYPTION_KEY: 'e1'.repeat(32),
    RATE_LIMITS: limits.namespace,
    MAIL: outbox,
  } as unknown as Env;
  const log = createLogger({ component: 'test' });

  const call = async (operation: Operation, given: Call = {}): Promise<Outcome> => {
    const { route } = operation;
    const background: Promise<unknown>[] = [];
    const waitUntil = (work: Promise<unknown>): void => void background.push(work);
    const headers = given.authorization === undefined ? {} : { authorization: given.authorization };
    const request = new Request(`https://api.example.test${route.path}`, { method: route.method, headers });
    const realmId = given.realmId ?? null;
    const clientAddress = given.clientAddress ?? '192.0.2.1';
    const settle = async (outcome: Outcome): Promise<Outcome> => {
      await Promise.all(background);
      return outcome;
    };
    const principal = await authenticate(route, {
      request,
      env,
      database,
      realmId,
      clientAddress,
      now: Date.now(),
      waitUntil,
    });
    if (!principal.ok) return settle(principal);
    const permitted = authorize(route, given.params ?? {}, principal.value);
    if (!permitted.ok) return settle(permitted);
    const context: RequestContext = {
      env,
      request,
      requestId: 'test-request',
      realmId,
      clientAddress,
      database,
      principal: principal.value,
      log,
      seedId: given.seedId ?? randomObjectId(),
      respondAsync: false,
      timing: () => undefined,
      waitUntil,
    };
    const input = {
      params: route.params?.().parse(given.params ?? {}) ?? {},
      query: {},
      body: route.body?.().parse(given.body ?? {}),
    };
    const result = await operation.handle(input as Parameters<Operation['handle']>[0], context);
    if (result instanceof Response) throw new Error('these operations answer envelopes');
    if (!result.ok) return settle(result);
    checkAnswer(route, result.value.data);
    return settle({ ok: true, data: asRecord(result.value.data), extra: result.value.extra ?? {} });
  };
  return { database, mails, env, counted: limits.counted, call, dispose };
}

/** A password that the policy takes, new each time. */
export function freshPassword(): string {
  return `Pw-${Buffer.from(secureRandom(12)).toString('hex')}`;
}
