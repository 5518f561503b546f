import { metaGetOpenApi } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { matchesEtag, servedDescription, serverUrlOf } from './served-description.ts';

export const getOpenApi = operation(metaGetOpenApi, async (_input, { env, request }) => {
  const { json, etag } = await servedDescription(serverUrlOf(request.url, env.API_DOMAIN));
  const headers = { etag, 'cache-control': 'public, max-age=60' };
  if (matchesEtag(request.headers.get('if-none-match'), etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(json, { headers: { ...headers, 'content-type': 'application/json' } });
});
