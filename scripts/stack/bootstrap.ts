import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { writePrivateFile, type DataDirectory } from './data-directory.ts';
import type { StackSecrets } from './secrets.ts';
import type { Seed } from './seed.ts';

const CONTAINER_TIMEOUT_S = 60;

const Account = z.object({ email: z.string(), username: z.string(), password: z.string() });
const Bootstrap = z.object({
  /** Where the stack answers; a realm is reached by its Host header. */
  base_url: z.string(),
  /** Host name of the API; `{realm}.` before it scopes to a realm. */
  api_domain: z.string(),
  /** A JWT of the operator, renewed at each start. */
  admin_token: z.string(),
  operator: Account.extend({ token: z.string() }),
  users: z.array(Account),
  server_id: z.string(),
  server_name: z.string(),
  project_id: z.string(),
  mail_outbox: z.string(),
  stripe_webhook_secret: z.string(),
  nowpayments_ipn_secret: z.string(),
  stripe_webhook_path: z.string(),
  nowpayments_ipn_path: z.string(),
  openapi_path: z.string(),
  /** How long a container may take to run on this driver set, in seconds. */
  container_timeout_s: z.number(),
});
/** What scripts and tests need to use a running stack; holds secrets. */
export type Bootstrap = z.infer<typeof Bootstrap>;

/** Puts the bootstrap document together. */
export function bootstrapDocument(
  baseUrl: string,
  apiDomain: string,
  data: DataDirectory,
  seed: Seed,
  secrets: StackSecrets,
): Bootstrap {
  const account = ({ email, username, password }: z.infer<typeof Account>) => ({ email, username, password });
  return {
    base_url: baseUrl,
    api_domain: apiDomain,
    admin_token: seed.adminToken,
    operator: { ...account(seed.operator), token: secrets.operator_token },
    users: seed.users.map(account),
    server_id: seed.serverId,
    server_name: seed.serverName,
    project_id: seed.projectId,
    mail_outbox: data.mailOutboxFile,
    stripe_webhook_secret: secrets.stripe_webhook_secret,
    nowpayments_ipn_secret: secrets.nowpayments_ipn_secret,
    stripe_webhook_path: '/api/v1/webhooks/stripe',
    nowpayments_ipn_path: '/api/v1/webhooks/nowpayments',
    openapi_path: '/api/v1/openapi.json',
    container_timeout_s: CONTAINER_TIMEOUT_S,
  };
}

/** Writes it with mode 0600. */
export function writeBootstrap(file: string, bootstrap: Bootstrap): void {
  writePrivateFile(file, `${JSON.stringify(bootstrap, null, 2)}\n`);
}

/** Reads the document of a stack; null when there is none or it is damaged. */
export function readBootstrap(file: string): Bootstrap | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Bootstrap.parse(content);
  } catch {
    return null;
  }
}
