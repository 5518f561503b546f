import { createLogger, describeError, drainActivity, requestHandler } from '@control-plane/serving';
import { expireReservations } from './ai-metering/expire-reservations.ts';
import { handleMetering, METERING_PREFIX } from './ai-metering/handle-metering.ts';
import type { Env } from './env.ts';
import { healthResponse } from './health.ts';
import { OPERATIONS } from './operations.ts';
import { sweepPayments } from './payments/sweep-payments.ts';
import { runRentals } from './rentals/run-rentals.ts';
import { webhookProviderOf, webhookResponse } from './webhooks/handle-webhook.ts';

/** Not a time but a signal: the runtime is about to be stopped in order. */
const SHUTDOWN_SIGNAL = 'shutdown';

const handleRequest = requestHandler('billing', OPERATIONS);
const log = createLogger({ component: 'billing' });

/** Wallet, payments, invoices and rentals; reachable through the realm router only. */
export default {
  fetch(request, env, execution): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === '/internal/health') return healthResponse(env);
    if (path.startsWith(METERING_PREFIX)) return handleMetering(request, env);
    const webhook = webhookProviderOf(path);
    if (webhook !== null) return webhookResponse(webhook, request, env);
    return handleRequest(request, env, execution);
  },
  async scheduled(controller, env): Promise<void> {
    if (controller.cron === SHUTDOWN_SIGNAL) return drainActivity(env);
    // One that fails must not keep the others from their turn.
    const sweeps = await Promise.allSettled([
      expireReservations(env),
      sweepPayments(env),
      runRentals(env, Date.now()),
    ]);
    for (const sweep of sweeps) {
      if (sweep.status === 'rejected') log.error('a sweep failed', { error: describeError(sweep.reason) });
    }
  },
} satisfies ExportedHandler<Env>;
