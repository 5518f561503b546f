import { appendFileSync, chmodSync } from 'node:fs';
import * as z from 'zod';

const Mail = z.object({
  to: z.string().max(320),
  subject: z.string().max(500),
  kind: z.string().max(60),
  token: z.string().max(200).nullish(),
  url: z.string().max(2000).nullish(),
  text: z.string().max(100_000),
});

/** Takes one mail as JSON. Answers 204, or 400 for what is no mail. */
export type MailOutbox = (body: string) => { readonly status: 204 | 400 };

/**
 * Where mail goes when no provider is set: each is one line `{to, subject, kind, token, url, text, at}` of a
 * JSONL file with mode 0600, for it holds one-time secrets.
 */
export function createMailOutbox(file: string, now: () => Date): MailOutbox {
  appendFileSync(file, '', { mode: 0o600 });
  chmodSync(file, 0o600);
  return (body) => {
    let content: unknown;
    try {
      content = JSON.parse(body);
    } catch {
      return { status: 400 };
    }
    const parsed = Mail.safeParse(content);
    if (!parsed.success) return { status: 400 };
    const { to, subject, kind, token = null, url = null, text } = parsed.data;
    appendFileSync(
      file,
      `${JSON.stringify({ to, subject, kind, token, url, text, at: now().toISOString() })}\n`,
    );
    return { status: 204 };
  };
}
