/**
 * `POST /api/v1/webhooks/{provider}`: the providers' word, taken by its signature alone.
 */
import { fail, type ApiError } from '@control-plane/contract/errors';
import { openDatabase } from '@control-plane/database';
import {
  createLogger,
  describeError,
  errorResponse,
  requestFacts,
  type Logger,
} from '@control-plane/serving';
import type { Env } from '../env.ts';
import { configuredProviders } from '../providers/configured-providers.ts';
import { deliver } from './deliver.ts';

const PREFIX = '/api/v1/webhooks/';

/** The provider that a path is the webhook of; null for any other path. */
export function webhookProviderOf(path: string): 'stripe' | 'nowpayments' | null {
  const name = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '';
  return name === 'stripe' || name === 'nowpayments' ? name : null;
}

/**
 * Answers a delivery to `POST /api/v1/webhooks/{name}`: 200 for everything that needs no other delivery,
 * repeated ones included; 400 and 401 for what is not genuine; 5xx when it has to come again. Never throws.
 */
export async function webhookResponse(
  name: 'stripe' | 'nowpayments',
  request: Request,
  env: Env,
): Promise<Response> {
  const { requestId } = requestFacts(request.headers);
  const log = createLogger({ component: 'billing', request_id: requestId, webhook: name });
  if (request.method !== 'POST') {
    const refused = refuse(log, fail('METHOD_NOT_ALLOWED', 'Webhooks are delivered by POST').error);
    refused.headers.set('allow', 'POST');
    return refused;
  }
  try {
    const database = openDatabase(env.DATABASE_URL, env.DATABASE_TOKEN, env.DATABASE);
    const provider = configuredProviders(env, database)[name];
    if (provider === null) {
      return refuse(log, fail('PAYMENT_PROVIDER_NOT_CONFIGURED', `${name} is not configured`).error);
    }
    const body = new Uint8Array(await request.arrayBuffer());
    const taken = await deliver(database, provider, body, request.headers, Date.now());
    if (!taken.ok) return refuse(log, taken.error);
    const { eventId, eventType, outcome } = taken.value;
    log.info('webhook received', { event_id: eventId, event_type: eventType, outcome });
    return Response.json({ received: true, outcome });
  } catch (error) {
    // The provider delivers again, and again, for days: nothing is lost.
    log.error('webhook failed', { error: describeError(error) });
    return errorResponse({
      code: 'INTERNAL_SERVER_ERROR',
      message: `Something went wrong on our side; quote request ${requestId}`,
    });
  }
}

function refuse(log: Logger, error: ApiError): Response {
  log.warn('webhook refused', { code: error.code });
  return errorResponse(error);
}
