import type { Env } from '../env.ts';
import type { Mail } from './mail.ts';

export type MailEnv = Pick<Env, 'MAIL' | 'EMAIL' | 'MAIL_FROM' | 'MAIL_API_KEY' | 'MAIL_API_URL'>;

/** Takes one mail; throws when it did not. `key`: the same at each attempt, so that a mail goes out once. */
export type MailCarrier = (mail: Mail, key: string) => Promise<void>;

const PROVIDER_URL = 'https://api.resend.com/emails';
/** A provider that does not answer must not hold the worker. */
const TIMEOUT_MS = 10_000;

async function post(send: () => Promise<Response>): Promise<void> {
  const response = await send();
  await response.body?.cancel();
  if (!response.ok) throw new Error(`status ${response.status}`);
}

/** An HTTP provider that speaks as Resend does (https://resend.com/docs/api-reference/emails/send-email). */
function providerCarrier(url: string, apiKey: string, from: string): MailCarrier {
  return ({ to, subject, text }, key) =>
    post(() =>
      fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ from, to: [to], subject, text }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
}

/** Cloudflare's own e-mail service. */
function bindingCarrier(binding: SendEmail, from: string): MailCarrier {
  return async ({ to, subject, text }) => {
    await binding.send({ from, to, subject, text });
  };
}

/** The local outbox, which keeps the parts of the mail beside its text. */
function outboxCarrier(outbox: Fetcher): MailCarrier {
  return (mail) =>
    post(() =>
      outbox.fetch('https://mail.internal/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(mail),
      }),
    );
}

/**
 * What carries mail here: an HTTP provider if its key is set, else Cloudflare's e-mail binding, else the
 * outbox; null when none is set up. The first two need `MAIL_FROM`.
 */
export function mailCarrier(env: MailEnv): MailCarrier | null {
  const { MAIL_FROM: from } = env;
  if (from !== undefined && env.MAIL_API_KEY !== undefined) {
    return providerCarrier(env.MAIL_API_URL ?? PROVIDER_URL, env.MAIL_API_KEY, from);
  }
  if (from !== undefined && env.EMAIL !== undefined) return bindingCarrier(env.EMAIL, from);
  return env.MAIL === undefined ? null : outboxCarrier(env.MAIL);
}
