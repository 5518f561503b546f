/**
 * How AI gateways spend: they set credit aside before a call, and settle or release it afterwards. This is no
 * route of the API. The router forwards nothing under `/internal`, so only workers that are bound to this one
 * come here, and they prove themselves with a secret besides. Nothing here can touch the general balance.
 */
import { equalSecrets, hashSecret } from '@control-plane/auth';
import {
  closeAiReservation,
  findAiReservation,
  openDatabase,
  reserveAiCredit,
} from '@control-plane/database';
import { createLogger, describeError, randomObjectId } from '@control-plane/serving';
import * as z from 'zod';
import type { Env } from '../env.ts';
import { walletSettings } from '../wallet/settings.ts';

export const METERING_PREFIX = '/internal/ai/reservations';

const SECRET_LENGTH_MIN = 32;
const BODY_LENGTH_MAX = 4096;
const SECONDS_MAX = 3600;

const ObjectId = z.string().regex(/^[0-9a-f]{24}$/);
const Micros = z.number().int().positive().max(1e12);
const ReserveBody = z.strictObject({
  /** The gateway's own id of the call: repeating it reserves nothing more. */
  id: ObjectId,
  user_id: ObjectId,
  /** Who spends, for the user's list. */
  service: z.string().min(1).max(64),
  /** The most that the call may cost. */
  max_micros: Micros,
  /** After that the reservation lapses and the credit is free again. */
  expires_in_s: z.number().int().min(1).max(SECONDS_MAX).default(600),
});
const SettleBody = z.strictObject({ spent_micros: Micros });

type Refusal =
  | 'UNAUTHORIZED'
  | 'NOT_CONFIGURED'
  | 'INVALID'
  | 'NOT_FOUND'
  | 'HOLD_TOO_LARGE'
  | 'INSUFFICIENT_AI_BALANCE'
  | 'TOO_MANY_CALLS'
  | 'DAILY_LIMIT'
  | 'OTHER_RESERVATION'
  | 'OVER_RESERVATION'
  | 'RESERVATION_CLOSED'
  | 'FAILED';

const STATUS: Readonly<Record<Refusal, number>> = {
  UNAUTHORIZED: 401,
  NOT_CONFIGURED: 503,
  INVALID: 400,
  NOT_FOUND: 404,
  HOLD_TOO_LARGE: 400,
  INSUFFICIENT_AI_BALANCE: 402,
  TOO_MANY_CALLS: 429,
  DAILY_LIMIT: 429,
  OTHER_RESERVATION: 409,
  OVER_RESERVATION: 400,
  RESERVATION_CLOSED: 409,
  FAILED: 500,
};

const refuse = (code: Refusal): Response => Response.json({ code }, { status: STATUS[code] });

/**
 * `POST /internal/ai/reservations` sets credit aside, `POST …/{id}/settle` spends of it, `POST …/{id}/release`
 * gives it back. The secret is the bearer token. Each may be repeated.
 */
export async function handleMetering(request: Request, env: Env): Promise<Response> {
  const log = createLogger({ component: 'billing', request: 'ai-metering' });
  const secret = env.AI_METERING_SECRET ?? '';
  if (secret.length < SECRET_LENGTH_MIN) return refuse('NOT_CONFIGURED');
  const sent = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  // Hashes are of one length: how long the secret is stays untold as well.
  if (!equalSecrets(hashSecret(sent), hashSecret(secret))) return refuse('UNAUTHORIZED');
  if (request.method !== 'POST') return refuse('NOT_FOUND');
  const path = new URL(request.url).pathname.slice(METERING_PREFIX.length);
  try {
    const body = await readJson(request);
    if (path === '') return await reserve(body, env);
    const [, id, verb] = /^\/([0-9a-f]{24})\/(settle|release)$/.exec(path) ?? [];
    if (id === undefined) return refuse('NOT_FOUND');
    return await close(id, verb === 'settle' ? body : null, env);
  } catch (error) {
    log.error('AI metering failed', { error: describeError(error) });
    return refuse('FAILED');
  }
}

async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.length > BODY_LENGTH_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function reserve(body: unknown, env: Env): Promise<Response> {
  const parsed = ReserveBody.safeParse(body);
  if (!parsed.success) return refuse('INVALID');
  const { id, user_id: userId, service, max_micros: holdMicros, expires_in_s: seconds } = parsed.data;
  const { holdMicrosMax, ...limits } = walletSettings(env).aiSpend;
  if (holdMicros > holdMicrosMax) return refuse('HOLD_TOO_LARGE');
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  const now = Date.now();
  const outcome = await reserveAiCredit(
    database,
    {
      id,
      userId,
      service,
      holdMicros,
      expiresAt: now + seconds * 1000,
      now,
      transactionId: randomObjectId(),
    },
    limits,
  );
  switch (outcome.kind) {
    case 'insufficient':
      return refuse('INSUFFICIENT_AI_BALANCE');
    case 'too_many_open':
      return refuse('TOO_MANY_CALLS');
    case 'daily_limit':
      return refuse('DAILY_LIMIT');
    case 'reserved':
    case 'exists': {
      const { reservation } = outcome;
      const isSame = reservation.userId === userId && reservation.heldMicros === holdMicros;
      if (!isSame) return refuse('OTHER_RESERVATION');
      // Nothing is set aside for it any more: the call must not be made.
      if (reservation.state !== 'open') return refuse('RESERVATION_CLOSED');
      const status = outcome.kind === 'reserved' ? 201 : 200;
      return Response.json({ id, state: 'open', held_micros: holdMicros }, { status });
    }
  }
}

/** `settlement` null: nothing was spent. */
async function close(id: string, settlement: unknown, env: Env): Promise<Response> {
  const parsed = settlement === null ? null : SettleBody.safeParse(settlement);
  if (parsed?.success === false) return refuse('INVALID');
  const spentMicros = parsed?.data.spent_micros ?? 0;
  const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
  const reservation = await findAiReservation(database, id);
  if (reservation === null) return refuse('NOT_FOUND');
  if (spentMicros > reservation.heldMicros) return refuse('OVER_RESERVATION');
  const ids = { transactionId: randomObjectId(), now: Date.now() };
  if (reservation.state !== 'open' || !(await closeAiReservation(database, reservation, spentMicros, ids))) {
    const closed = (await findAiReservation(database, id)) ?? reservation;
    const isRepeated =
      closed.spentMicros === spentMicros && closed.state === (spentMicros > 0 ? 'settled' : 'released');
    if (!isRepeated) return refuse('RESERVATION_CLOSED');
  }
  return Response.json({
    id,
    state: spentMicros > 0 ? 'settled' : 'released',
    spent_micros: spentMicros,
  });
}
