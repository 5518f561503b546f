import { ok } from '@control-plane/contract';
import { utilitiesGetIpInfo } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';
import { describeAddress } from './describe-address.ts';
import { echoedHeaders } from './echoed-headers.ts';

export const getIpInfo = operation(utilitiesGetIpInfo, (_input, context) => {
  const { request, clientAddress } = context;
  return Promise.resolve(
    ok({
      message: 'Request information retrieved successfully',
      data: {
        ip: clientAddress,
        user_agent: request.headers.get('user-agent') ?? '',
        headers: echoedHeaders(request.headers),
        referer: request.headers.get('referer') ?? '',
        timestamp: new Date().toISOString(),
        is_logged: context.principal !== null,
        protocol: new URL(request.url).protocol.replace(':', ''),
        ip_info: describeAddress(clientAddress, request.cf),
      },
      headers: { 'cache-control': 'no-store' },
    }),
  );
});
