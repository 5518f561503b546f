import { drainActivity, requestHandler } from '@control-plane/serving';
import type { Env } from './env.ts';
import { health } from './health.ts';
import { handleHostRequest } from './hosts/host-requests.ts';
import { OPERATIONS } from './operations.ts';
import { sweep } from './sweeper.ts';

/** Not a time but a signal: the runtime is about to be stopped in order. */
const SHUTDOWN_SIGNAL = 'shutdown';

const handleRequest = requestHandler('api', OPERATIONS);

export { ContainerObject } from './objects/container/container-object.ts';
export { HostObject } from './objects/host/host-object.ts';
export { RateLimitObject } from '@control-plane/serving/rate-limit-object';

export default {
  async fetch(request, env, execution): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/internal/health') return health(env);
    if (pathname.startsWith('/host/')) return handleHostRequest(request, env);
    return handleRequest(request, env, execution);
  },
  async scheduled(controller, env): Promise<void> {
    if (controller.cron === SHUTDOWN_SIGNAL) return drainActivity(env);
    await sweep(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;
