import { metaGetDocs } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { docsPage } from './docs-page.ts';

export const getDocs = operation(metaGetDocs, async () => {
  const { html, contentSecurityPolicy } = await docsPage();
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'public, max-age=300',
    },
  });
});
