import { errorBody, fail } from '@control-plane/contract/errors';
import type { Env } from './env.ts';
import { healthResponse } from './health.ts';

/** Wallet, payments and invoices; reachable through the realm router only. */
export default {
  fetch(request, env): Response | Promise<Response> {
    if (new URL(request.url).pathname === '/internal/health') return healthResponse(env);
    const body = errorBody(fail('NOT_FOUND', 'There is no such route.').error);
    return Response.json(body, { status: body.statusCode });
  },
} satisfies ExportedHandler<Env>;
