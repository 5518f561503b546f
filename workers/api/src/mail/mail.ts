import { describeError, type Logger } from '@control-plane/serving';
import { mailCarrier, type MailEnv } from './mail-carrier.ts';

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
 * Hands a mail to whatever carries mail here. Never throws and answers nothing: whoever asked for the mail
 * must not learn from the answer whether one was sent. What goes wrong is logged, without address or token.
 */
export async function sendMail(env: MailEnv, log: Logger, mail: Mail): Promise<void> {
  const carry = mailCarrier(env);
  if (carry === null) {
    log.error('mail not sent: nothing that carries mail is set up', { kind: mail.kind });
    return;
  }
  const key = crypto.randomUUID();
  let cause = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    try {
      await carry(mail, key);
      return;
    } catch (error) {
      cause = describeError(error);
    }
  }
  log.error('mail not sent', { kind: mail.kind, attempts: ATTEMPTS_MAX, cause });
}
