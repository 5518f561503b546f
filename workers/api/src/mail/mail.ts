import type { Env } from '../env.ts';
import { describeError, type Logger } from '../log.ts';

/** One mail as the outbox takes it. `at`: ISO 8601. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly kind: 'verify_email' | 'reset_password';
  readonly token: string;
  readonly url: string;
  readonly text: string;
  readonly at: string;
}

/** Attempts at handing one mail over. */
const ATTEMPTS_MAX = 3;

/**
 * Hands a mail to the outbox. Never throws and answers nothing: whoever asked for the mail must not learn
 * from the answer whether one was sent. What goes wrong is logged, without address or token.
 */
export async function sendMail(env: Pick<Env, 'MAIL'>, log: Logger, mail: Mail): Promise<void> {
  if (env.MAIL === undefined) {
    log.error('mail not sent: no outbox is bound', { kind: mail.kind });
    return;
  }
  let cause = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    try {
      const response = await env.MAIL.fetch('https://mail.internal/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(mail),
      });
      await response.body?.cancel();
      if (response.ok) return;
      cause = `status ${response.status}`;
    } catch (error) {
      cause = describeError(error);
    }
  }
  log.error('mail not sent', { kind: mail.kind, attempts: ATTEMPTS_MAX, cause });
}
