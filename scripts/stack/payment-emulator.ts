/** The payment providers' emulator (tests/payment-providers) as a child process of a local stack. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import * as z from 'zod';
import { REPOSITORY_ROOT } from './repository-root.ts';
import type { StackSecrets } from './secrets.ts';

const START_MS_MAX = 20_000;
const FirstLine = z.object({ url: z.url() });
/** Printed in every textbook; no money ever arrives there. */
const EXAMPLE_BANK = {
  BANK_ACCOUNT_HOLDER: 'Example Bank Account (fake money)',
  BANK_ACCOUNT_IBAN: 'DE89370400440532013000',
  BANK_ACCOUNT_BIC: 'COBADEFFXXX',
};

export interface PaymentEmulator {
  readonly url: string;
  /** What makes the billing worker use it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Lets webhooks go to the stack at `baseUrl`. */
  deliverTo(baseUrl: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the emulator; it ends with this process, whatever ends that. `logFile` gets what it complains of. */
export async function startPaymentEmulator(secrets: StackSecrets, logFile: string): Promise<PaymentEmulator> {
  const keys = {
    STRIPE_SECRET_KEY: `sk_test_${randomBytes(16).toString('hex')}`,
    STRIPE_WEBHOOK_SECRET: secrets.stripe_webhook_secret,
    NOWPAYMENTS_API_KEY: randomBytes(16).toString('hex'),
    NOWPAYMENTS_IPN_SECRET: secrets.nowpayments_ipn_secret,
  };
  const child = spawn(process.execPath, [join(REPOSITORY_ROOT, 'tests/payment-providers/main.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...keys },
    // A process group of its own: ctrl-C in the terminal must reach the stack first, which stops in order.
    detached: true,
  });
  child.stderr.pipe(createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // Nobody listens to it any more once the child is gone.
  child.stdin.on('error', () => {});
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the payment emulator did not start')), START_MS_MAX);
    const settle = (line: string | null): void => {
      clearTimeout(timer);
      const parsed = line === null ? null : FirstLine.safeParse(parseJson(line));
      if (parsed?.success === true) resolve(parsed.data.url);
      else reject(new Error('the payment emulator did not start'));
    };
    createInterface({ input: child.stdout }).once('line', settle);
    void exited.then(() => settle(null));
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    variables: {
      ...keys,
      ...EXAMPLE_BANK,
      STRIPE_API_URL: url,
      NOWPAYMENTS_API_URL: `${url}/nowpayments/v1`,
      PAYMENT_RETURN_URL: `${url}/paid`,
    },
    async deliverTo(baseUrl) {
      const response = await fetch(`${url}/emulator/target`, {
        method: 'POST',
        body: new URLSearchParams({ url: baseUrl }),
      });
      if (!response.ok) throw new Error(`the payment emulator answered ${response.status}`);
    },
    async stop() {
      child.stdin.end();
      const force = setTimeout(() => child.kill('SIGKILL'), 2000);
      await exited;
      clearTimeout(force);
    },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
