import { lazy } from '@control-plane/contract';
import { DEVICE_PAGE_SCRIPT, DEVICE_PAGE_STYLE } from './assets.ts';

/** Text that is safe as it stands in a page: made by `html` only. */
export class SafeHtml {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A template whose values are escaped, unless they are `SafeHtml` themselves; null is left out. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | SafeHtml | readonly SafeHtml[] | null)[]
): SafeHtml {
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    if (value instanceof SafeHtml) text += value.text;
    else if (typeof value === 'string') text += escape(value);
    else if (value !== null) text += value.map((each) => each.text).join('');
    text += parts[index + 1] ?? '';
  });
  return new SafeHtml(text);
}

/** The hash-source of an inline style or script (CSP level 3, section 2.3.1). */
async function sourceHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

// Whole elements: a blank more around their text, and the policy's hashes would be of something else.
const STYLE = new SafeHtml(`<style>${DEVICE_PAGE_STYLE}</style>`);
const SCRIPT = new SafeHtml(`<script>${DEVICE_PAGE_SCRIPT}</script>`);

/** Lets exactly this page's style and script run, its forms come back here, and nothing else. */
const contentSecurityPolicy = lazy(async () => {
  const [style, script] = await Promise.all([sourceHash(DEVICE_PAGE_STYLE), sourceHash(DEVICE_PAGE_SCRIPT)]);
  return [
    "default-src 'none'",
    `style-src '${style}'`,
    `script-src '${script}'`,
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
});

/** A whole page as an answer; it loads nothing. */
export async function pageResponse(
  content: SafeHtml,
  options: {
    readonly status?: number;
    readonly title?: string;
    readonly cookie?: string;
    readonly withScript?: boolean;
  } = {},
): Promise<Response> {
  const script = options.withScript === true ? SCRIPT : null;
  const title = options.title ?? 'Approve a device';
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${STYLE}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
        ${script}
      </body>
    </html> `;
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': await contentSecurityPolicy(),
    'cache-control': 'no-store',
  });
  if (options.cookie !== undefined) headers.append('set-cookie', options.cookie);
  return new Response(page.text, { status: options.status ?? 200, headers });
}
