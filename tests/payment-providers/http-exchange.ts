/** The little of HTTP that the emulator needs. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const BODY_BYTES_MAX = 256 * 1024;

/** What a route answers. `html` is a page, `json` an object; exactly one of them unless it redirects. */
export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly html?: string;
  readonly location?: string;
}

/** A request as routes see it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** `http://127.0.0.1:PORT`, as the client called it. */
  readonly origin: string;
}

/** Reads a request whole; null when it is too large. */
export async function readExchange(request: IncomingMessage, origin: string): Promise<Exchange | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? '/', origin);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    origin,
  };
}

/** Whether two secrets are the same. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A form as Stripe's clients send it, nested by brackets: `a[b][0]=c` is `{a: {b: {0: 'c'}}}`. */
export type Form = { [name: string]: string | Form };

const DEPTH_MAX = 8;

export function readForm(body: string): Form {
  const form: Form = {};
  for (const [name, value] of new URLSearchParams(body)) {
    const keys = name.replaceAll(']', '').split('[').slice(0, DEPTH_MAX);
    if (keys.some((key) => key === '__proto__')) continue;
    let at = form;
    for (const key of keys.slice(0, -1)) {
      const next = at[key];
      at = typeof next === 'object' ? next : (at[key] = {});
    }
    at[keys.at(-1) ?? ''] = value;
  }
  return form;
}

/** A text of a form, or undefined. */
export function text(form: Form, ...path: readonly string[]): string | undefined {
  const found = member(form, path);
  return typeof found === 'string' ? found : undefined;
}

/** All texts of a part of a form, for example its metadata. */
export function texts(form: Form, ...path: readonly string[]): Record<string, string> {
  const found = member(form, path);
  if (typeof found !== 'object') return {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function member(form: Form, path: readonly string[]): string | Form | undefined {
  let at: string | Form | undefined = form;
  for (const key of path) at = typeof at === 'object' ? at[key] : undefined;
  return at;
}
