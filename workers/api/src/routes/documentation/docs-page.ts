import { lazy } from '@control-plane/contract';
import { DOCS_SCRIPT } from './docs-script.ts';
import { DOCS_STYLE } from './docs-style.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="icon" href="data:,">
<style>${DOCS_STYLE}</style>
</head>
<body>
<header>
<h1 id="title">API reference</h1>
<input id="filter" type="search" placeholder="Filter operations" aria-label="Filter operations">
<input id="token" type="password" placeholder="Token for trying it" aria-label="Token" autocomplete="off">
<a href="/api/v1/openapi.json">openapi.json</a>
</header>
<main id="operations"><noscript>This page needs JavaScript; the description itself is at
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</noscript></main>
<script>${DOCS_SCRIPT}</script>
</body>
</html>
`;

export interface DocsPage {
  readonly html: string;
  /** Lets exactly this page's style and script run and nothing be loaded from elsewhere. */
  readonly contentSecurityPolicy: string;
}

/** The API reference page; built at its first use. */
export const docsPage = lazy(async (): Promise<DocsPage> => {
  const [style, script] = await Promise.all([sourceHash(DOCS_STYLE), sourceHash(DOCS_SCRIPT)]);
  const contentSecurityPolicy = [
    "default-src 'none'",
    `script-src '${script}'`,
    `style-src '${style}'`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html: PAGE, contentSecurityPolicy };
});

/** The hash-source of an inline style or script (CSP level 3, section 2.3.1). */
async function sourceHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
