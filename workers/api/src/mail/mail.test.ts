import type { Logger } from '@control-plane/serving';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Env } from '../env.ts';
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

  it('goes to the provider when its key is set, as one mail however often it is tried', async () => {
    const seen: { headers: Headers; body: unknown }[] = [];
    const statuses = [503, 200];
    const provider = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        seen.push({
          headers: new Headers(request.headers as Record<string, string>),
          body: JSON.parse(text),
        });
        response.writeHead(statuses.shift() ?? 500).end('{}');
      });
    });
    await new Promise<void>((listening) => provider.listen(0, '127.0.0.1', listening));
    const { port } = provider.address() as AddressInfo;
    const { log, error } = recorder();
    await sendMail(
      {
        ...outbox([]).env,
        MAIL_FROM: 'Example <no-reply@example.test>',
        MAIL_API_KEY: 'provider key',
        MAIL_API_URL: `http://127.0.0.1:${port}/emails`,
      },
      log,
      mail,
    );
    provider.close();
    expect(error).not.toHaveBeenCalled();
    const { to, subject, text } = mail;
    const body = { from: 'Example <no-reply@example.test>', to: [to], subject, text };
    expect(seen.map((call) => call.body)).toEqual([body, body]);
    expect(seen[0]?.headers.get('authorization')).toBe('Bearer provider key');
    expect(new Set(seen.map((call) => call.headers.get('idempotency-key'))).size).toBe(1);
  });

  it('goes through the e-mail binding when there is no provider', async () => {
    const send = vi.fn<(mail: unknown) => Promise<EmailSendResult>>(async () => ({ messageId: 'm' }));
    const { log, error } = recorder();
    const env = { ...outbox([]).env, MAIL_FROM: 'no-reply@example.test', EMAIL: { send } };
    await sendMail(env, log, mail);
    const { to, subject, text } = mail;
    expect(send).toHaveBeenCalledExactlyOnceWith({ from: 'no-reply@example.test', to, subject, text });
    expect(error).not.toHaveBeenCalled();
  });

  it('logs when no outbox is bound', async () => {
    const { log, error } = recorder();
    await sendMail({}, log, mail);
    expect(error).toHaveBeenCalledOnce();
  });
});
