/** `npm start`: runs the whole stack on this machine until it is stopped. */
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { DataDirectoryBusyError } from './stack/data-directory.ts';
import { removeStackData } from './stack/fresh.ts';
import { missingHostPackages } from './stack/host-packages.ts';
import { endLeftovers } from './stack/leftovers.ts';
import type { Stack } from './stack/stack.ts';
import { onStopRequest } from './stack/stop-request.ts';

const PORT_DEFAULT = 8787;
const HELP = `Usage: npm start -- [options]

Starts the router, the api and billing in workerd, the database and a node daemon on this machine.

  --port NUMBER     port on 127.0.0.1 (default ${PORT_DEFAULT})
  --data-dir PATH   where everything is kept (default .data)
  --driver NAME     driver set of the node daemon (default auto: the best that this machine offers)
  --payments NAME   emulated (default): pay with fake cards and coins; environment: STRIPE_*, NOWPAYMENTS_*,
                    BANK_* and PAYMENT_RETURN_URL of the environment, as in production; none
  --fresh           remove what an earlier start left in the data folder, containers included
  --help            this text
`;

/** Rejects with advice when the port can't be had. */
function checkPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () =>
      reject(
        new Error(
          `Port ${port} is taken by another program ("ss -ltnp 'sport = :${port}'" names it). ` +
            'Stop that one, or choose another port: npm start -- --port NUMBER',
        ),
      ),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

/** Sign-in at other providers is configured as in production, by the variables of the api worker. */
function oauthVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith('OAUTH_') && value !== undefined) variables[name] = value;
  }
  return variables;
}

const PAYMENTS = ['emulated', 'environment', 'none'] as const;

function paymentsOf(text: string): (typeof PAYMENTS)[number] {
  const found = PAYMENTS.find((name) => name === text);
  if (found === undefined) throw new Error(`--payments takes ${PAYMENTS.join(', ')}, not "${text}"`);
  return found;
}

/** Real payment providers are configured as in production, by the variables of the billing worker. */
function paymentVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const isOne = /^(?:STRIPE|NOWPAYMENTS|BANK_ACCOUNT)_/.test(name) || name === 'PAYMENT_RETURN_URL';
    if (isOne && value !== undefined) variables[name] = value;
  }
  return variables;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return PORT_DEFAULT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new Error(`--port takes a number from 1 to 65535, not "${text}"`);
}

function printWelcome({ baseUrl, bootstrap, data, timings, paymentEmulatorUrl }: Stack): void {
  const missing = missingHostPackages();
  const body = JSON.stringify({ server_id: bootstrap.server_id, name: 'my-first-computer' });
  const lines = [
    '',
    `Ready after ${timings['total']} ms at ${baseUrl}`,
    `  API reference   ${baseUrl}/api/v1/docs`,
    `  realms          http://{24 hex digits}.${bootstrap.api_domain}:${new URL(baseUrl).port}`,
    `  token           ${bootstrap.operator.token}`,
    `  for scripts     ${data.bootstrapFile}`,
    `  logs            ${data.logsFolder}`,
    '',
    'Your first computer:',
    '',
    `  curl -X POST ${baseUrl}/api/v1/projects/${bootstrap.project_id}/containers \\`,
    `    -H 'Authorization: Bearer ${bootstrap.operator.token}' \\`,
    "    -H 'Content-Type: application/json' \\",
    `    -d '${body}'`,
    '',
  ];
  if (paymentEmulatorUrl !== null) {
    lines.push(
      'Payment providers are emulated: no real money moves. To top up with a fake card, open the page in',
      'checkout_url of:',
      '',
      `  curl -X POST ${baseUrl}/api/v1/wallet/payments/stripe/checkout \\`,
      `    -H 'Authorization: Bearer ${bootstrap.operator.token}' \\`,
      "    -H 'Content-Type: application/json' \\",
      `    -d '{"amount": "25.00"}'`,
      '',
    );
  }
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(' ');
    lines.push(`For a stronger host, "npm run host:setup" would add: ${names}`);
  }
  lines.push('ctrl-C stops everything.', '');
  process.stdout.write(lines.join('\n'));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'data-dir': { type: 'string', default: '.data' },
      driver: { type: 'string', default: 'auto' },
      payments: { type: 'string', default: 'emulated' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const port = portOf(values.port);
  const dataDir = values['data-dir'];
  const payments = paymentsOf(values.payments);
  await endLeftovers(dataDir);
  await checkPort(port);
  if (values.fresh) await removeStackData(dataDir);

  // Loaded only now: it takes longer than all the checks before it.
  const { startStack } = await import('./stack/stack.ts');
  const starting = startStack({
    port,
    dataDir,
    driver: values.driver,
    apiVariables: oauthVariables(process.env),
    payments: payments === 'emulated' ? 'emulated' : 'none',
    billingVariables: payments === 'environment' ? paymentVariables(process.env) : {},
    onProgress: (line) => process.stdout.write(`… ${line}\n`),
  });
  // The same failure is reported where it is awaited below.
  starting.catch(() => {});
  let isStopRequested = false;
  onStopRequest(async () => {
    isStopRequested = true;
    process.stdout.write('\nStopping; ctrl-C again forces it …\n');
    const stack = await starting;
    await stack.stop();
    process.exit(0);
  });
  const stack = await starting;
  if (!isStopRequested) printWelcome(stack);
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof DataDirectoryBusyError ? ' Or use another folder: --data-dir PATH' : '';
  process.stderr.write(`${message}${advice}\n`);
  process.exit(1);
}
