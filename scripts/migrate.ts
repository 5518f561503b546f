/** Applies the migrations to the database that `DATABASE_URL` and `DATABASE_TOKEN` name, before a deployment. */
import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import { applyMigrations } from './stack/migrations.ts';
import { REPOSITORY_ROOT } from './stack/repository-root.ts';

const url = process.env['DATABASE_URL'];
if (url === undefined) {
  process.stderr.write('Set DATABASE_URL and DATABASE_TOKEN.\n');
  process.exit(2);
}
const authToken = process.env['DATABASE_TOKEN'];
const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
const applied = await applyMigrations(client, join(REPOSITORY_ROOT, 'migrations'), Date.now());
client.close();
process.stdout.write(applied.length === 0 ? 'Nothing to apply.\n' : `Applied: ${applied.join(', ')}\n`);
