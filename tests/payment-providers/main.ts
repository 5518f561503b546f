/**
 * The emulator as a program. Secrets come by environment; the first line of its output is `{"url": "…"}`.
 * It ends with its standard input, so that it never outlives who started it.
 */
import { parseArgs } from 'node:util';
import { startEmulator } from './emulator.ts';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`set ${name}`);
  return value;
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const emulator = await startEmulator({
  port: Number(values.port),
  stripeSecretKey: required('STRIPE_SECRET_KEY'),
  stripeWebhookSecret: required('STRIPE_WEBHOOK_SECRET'),
  nowpaymentsApiKey: required('NOWPAYMENTS_API_KEY'),
  nowpaymentsIpnSecret: required('NOWPAYMENTS_IPN_SECRET'),
});
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void emulator.stop().then(() => process.exit(0));
});
