/** What payers, their banks and our operators do in tests of payments: over real HTTP, to the emulator. */
import { createClient } from '@libsql/client/web';
import type { Stack } from '../../scripts/stack/stack.ts';
import { eventually, type ApiClient } from '../support/api-client.ts';

export interface Intent {
  readonly id: string;
  readonly provider: string;
  readonly status: string;
  readonly amount: number;
  readonly redirect_url: string | null;
  readonly credited_at: string | null;
}

function emulatorOf(stack: Stack): string {
  if (stack.paymentEmulatorUrl === null) throw new Error('the stack runs without the payment emulator');
  return stack.paymentEmulatorUrl;
}

/** Sends the form of a page, as a browser would. */
export async function pay(url: string, how: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ with: how }),
    redirect: 'manual',
  });
  await response.arrayBuffer();
  return response.status;
}

/** Something that no API of a provider has, for example `dispute/pi_…`; what it made. */
export async function happen(
  stack: Stack,
  what: string,
  form: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${emulatorOf(stack)}/emulator/${what}`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  if (!response.ok) throw new Error(`${what}: the emulator answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

/** A webhook as the emulator's list has it. */
interface SentWebhook {
  readonly name: string;
  readonly body: string;
  readonly attempts: number;
  readonly status: number;
  readonly isTaken: boolean;
}

/** The webhooks that the emulator has sent or is still trying to send. */
export async function deliveries(stack: Stack): Promise<SentWebhook[]> {
  const response = await fetch(`${emulatorOf(stack)}/emulator/deliveries`);
  return (await response.json()) as SentWebhook[];
}

/** Waits until every webhook that was sent has been taken; fails with the ones that were not. */
export async function allTaken(stack: Stack, limitMs = 30_000): Promise<void> {
  let left: SentWebhook[] = [];
  try {
    await eventually(
      'every webhook is taken',
      async () => {
        left = (await deliveries(stack)).filter(({ isTaken }) => !isTaken);
        return left.length === 0 ? true : undefined;
      },
      limitMs,
    );
  } catch (error) {
    const said = left.map(({ name, attempts, status }) => `${name}: ${status} after ${attempts}`).join('; ');
    throw new Error(`webhooks were not taken: ${said}`, { cause: error });
  }
}

/** The object of the last event of a type that the emulator sent. */
export async function lastObject(stack: Stack, type: string): Promise<Record<string, unknown>> {
  const found = (await deliveries(stack)).findLast(({ name }) => name === type);
  if (found === undefined) throw new Error(`there was no ${type}`);
  const event = JSON.parse(found.body) as { data: { object: Record<string, unknown> } };
  return event.data.object;
}

/** The general balance, the held one and the debt. */
export async function money(client: ApiClient): Promise<[string, string, string]> {
  const { body } = await client.expect<{ general_balance: string; held_balance: string; debt: string }>(
    200,
    'GET',
    '/wallet/balances/general',
  );
  return [body.data.general_balance, body.data.held_balance, body.data.debt];
}

/** Rows of the stack's database. */
export async function query(
  stack: Stack,
  sql: string,
  args: string[] = [],
): Promise<Record<string, unknown>[]> {
  const client = createClient({ url: stack.databaseUrl, authToken: stack.databaseToken });
  const { rows } = await client.execute({ sql, args });
  client.close();
  return rows.map((row) => ({ ...row }));
}
