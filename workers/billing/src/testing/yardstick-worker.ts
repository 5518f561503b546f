/**
 * The billing worker with two paths more, which do nothing but one empty write transaction: what everything
 * that posts money is measured against. Run by the benchmark only.
 */
import { defineRoute } from '@control-plane/contract';
import { ok } from '@control-plane/contract/errors';
import { operationBinder, requestHandler } from '@control-plane/serving';
import { sql } from 'drizzle-orm';
import type { RequestContext } from '../context.ts';
import type { Env } from '../env.ts';
import billing from '../index.ts';

const operation = operationBinder<Env>();

const yardstick = {
  method: 'POST',
  tag: 'wallet',
  summary: 'One empty write transaction',
  success: [200],
  errors: [],
} as const;

/** Behind the check of a credential, as a transfer is. */
const authenticated = defineRoute({
  ...yardstick,
  operationId: 'wallet.emptyWrite',
  path: '/api/v1/wallet/empty-write',
  auth: 'bearer',
});
/** Open, as a provider's webhook is. */
const open = defineRoute({
  ...yardstick,
  operationId: 'wallet.emptyOpenWrite',
  path: '/api/v1/webhooks/empty-write',
  auth: 'public',
});

async function writeNothing({ database }: Pick<RequestContext, 'database'>) {
  await database.batch([database.run(sql`update ledger_accounts set balance_micros = 0 where 0`)]);
  return ok({ message: 'Nothing was written', data: null });
}

const handleYardstick = requestHandler('billing', [
  operation(authenticated, (_, context) => writeNothing(context)),
  operation(open, (_, context) => writeNothing(context)),
]);

export default {
  ...billing,
  fetch(request, env, execution): Promise<Response> {
    return new URL(request.url).pathname.endsWith('/empty-write')
      ? handleYardstick(request, env, execution)
      : billing.fetch(request, env, execution);
  },
} satisfies ExportedHandler<Env>;
