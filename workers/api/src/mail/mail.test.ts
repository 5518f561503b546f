import { describe, expect, it, vi } from 'vitest';
import type { Env } from '../env.ts';
import type { Logger } from '../log.ts';
import { sendMail } from './mail.ts';
import { verificationMail } from './verification-mail.ts';

const TOKEN = 'ab'.repeat(32);
const mail = verificationMail('ann@example.test', TOKEN, 'api.example.test', 0);

function recorder() {
  const error = vi.fn<Logger['error']>();
  const log: Logger = { info: () => undefined, warn: () => undefined, error, with: () => log };
  return { log, error };
}
/** An outbox that answers each attempt by the next of `answers`: a status, or an error to throw. */
function outbox(answers: (number | Error)[]) {
  const seen: unknown[] = [];
  const fetch = async (_url: string, init: { body: string }): Promise<Response> => {
    seen.push(JSON.parse(init.body));
    const answer = answers.shift() ?? 200;
    if (answer instanceof Error) throw answer;
    return new Response('', { status: answer });
  };
  return { seen, env: { MAIL: { fetch } } as unknown as Pick<Env, 'MAIL'> };
}

describe('sendMail', () => {
  it('hands over each mail once, as the outbox wants it', async () => {
    const { seen, env } = outbox([200]);
    const { log, error } = recorder();
    await sendMail(env, log, mail);
    expect(seen).toEqual([
      {
        to: 'ann@example.test',
        subject: expect.any(String),
        kind: 'verify_email',
        token: TOKEN,
        url: expect.stringContaining(TOKEN),
        text: expect.stringContaining(TOKEN),
        at: '1970-01-01T00:00:00.000Z',
      },
    ]);
    expect(error).not.toHaveBeenCalled();
  });

  it('tries three times, then logs without address or token, and never throws', async () => {
    const { seen, env } = outbox([503, new Error('unreachable'), 500]);
    const { log, error } = recorder();
    await sendMail(env, log, mail);
    expect(seen).toHaveLength(3);
    expect(error).toHaveBeenCalledOnce();
    expect(JSON.stringify(error.mock.calls)).not.toMatch(new RegExp(`${TOKEN}|ann@`));
  });

  it('logs when no outbox is bound', async () => {
    const { log, error } = recorder();
    await sendMail({}, log, mail);
    expect(error).toHaveBeenCalledOnce();
  });
});
