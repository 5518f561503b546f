import { drainActivity, requestHandler } from '@control-plane/serving';
import type { Env } from './env.ts';
import { healthResponse } from './health.ts';
import { OPERATIONS } from './operations.ts';

/** Not a time but a signal: the runtime is about to be stopped in order. */
const SHUTDOWN_SIGNAL = 'shutdown';

const handleRequest = requestHandler('billing', OPERATIONS);

/** Wallet, payments, invoices and rentals; reachable through the realm router only. */
export default {
  fetch(request, env, execution): Promise<Response> {
    if (new URL(request.url).pathname === '/internal/health') return healthResponse(env);
    return handleRequest(request, env, execution);
  },
  async scheduled(controller, env): Promise<void> {
    if (controller.cron === SHUTDOWN_SIGNAL) return drainActivity(env);
  },
} satisfies ExportedHandler<Env>;
