/**
 * `npm run webhooks:replay`: drives events of the webhook inbox again. Without options those that nothing came
 * of, that matched no payment or could not be read; `--all` drives every event (what was settled stays as it
 * is). Exits with 1 when an event failed again.
 *
 * The database is the one that `DATABASE_URL` (and `DATABASE_TOKEN`) name, else that of the local stack in
 * `--data-dir` (default `.data`). `STRIPE_SECRET_KEY` and the like are needed for events that leave something
 * to be asked.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { replayEvents } from '../workers/billing/src/payments/replay-events.ts';
import { configuredProviders } from '../workers/billing/src/providers/configured-providers.ts';
import { eventSources } from '../workers/billing/src/providers/event-sources.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    provider: { type: 'string' },
    event: { type: 'string' },
    all: { type: 'boolean', default: false },
    limit: { type: 'string', default: '100000' },
  },
});
const { provider, event } = values;
const limit = Number(values.limit);
const isProvider = provider === 'stripe' || provider === 'nowpayments' || provider === 'bank';
if ((provider !== undefined && !isProvider) || !Number.isSafeInteger(limit) || limit < 1) {
  process.stderr.write(
    'usage: npm run webhooks:replay -- [--provider stripe|nowpayments|bank] [--event ID]\n',
  );
  process.stderr.write('  [--all] [--limit NUMBER] [--data-dir PATH]\n');
  process.exit(2);
}
const file = join(resolve(values['data-dir'] ?? join(REPOSITORY_ROOT, '.data')), 'database.sqlite');
const url = process.env['DATABASE_URL'] ?? `file:${file}`;
if (url.startsWith('file:') && !existsSync(url.slice('file:'.length))) {
  process.stderr.write(
    `There is no database ${url.slice('file:'.length)}; set DATABASE_URL or --data-dir.\n`,
  );
  process.exit(2);
}
const authToken = process.env['DATABASE_TOKEN'];
const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
const database = drizzle(client);
// A stack that runs on the same file writes as well.
if (url.startsWith('file:')) await client.execute('pragma busy_timeout = 5000');

const counts = new Map<string, number>();
let failures = 0;
await replayEvents(
  database,
  eventSources(configuredProviders(process.env, database)),
  {
    state: values.all || event !== undefined ? 'any' : 'unsettled',
    limit,
    ...(isProvider ? { provider } : {}),
    ...(event === undefined ? {} : { eventId: event }),
  },
  Date.now(),
  (kept, result) => {
    const outcome = result instanceof Error ? 'failed' : result;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (!(result instanceof Error)) return;
    failures += 1;
    process.stderr.write(`${kept.provider} ${kept.eventId} (${kept.eventType}): ${result.message}\n`);
  },
);
client.close();
const told = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
process.stdout.write(told === '' ? 'Nothing to drive again.\n' : `${told}\n`);
process.exitCode = failures === 0 ? 0 : 1;
