import { handleRequest } from './app.ts';
import type { Env } from './env.ts';
import { health } from './health.ts';
import { handleHostRequest } from './hosts/host-requests.ts';
import { sweep } from './sweeper.ts';

export { ContainerObject } from './objects/container/container-object.ts';
export { HostObject } from './objects/host/host-object.ts';
export { RateLimitObject } from './objects/rate-limit/rate-limit-object.ts';

export default {
  async fetch(request, env, execution): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/internal/health') return health(env);
    if (pathname.startsWith('/host/')) return handleHostRequest(request, env);
    return handleRequest(request, env, execution);
  },
  async scheduled(controller, env): Promise<void> {
    await sweep(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;
