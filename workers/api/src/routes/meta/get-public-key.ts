import { fail, ok } from '@control-plane/contract';
import { metaGetPublicKey } from '@control-plane/contract/routes';
import { parseSigningKeys, publicKeyDocument } from '@control-plane/signing';
import { operation } from '../../operation.ts';

export const getPublicKey = operation(metaGetPublicKey, async (_input, context) => {
  if (context.env.SIGNING_KEYS === '') return notConfigured();
  const keys = await parseSigningKeys(context.env.SIGNING_KEYS);
  if (!keys.ok) {
    context.log.error('the signing keys can not be read', { reason: keys.error });
    return notConfigured();
  }
  const document = publicKeyDocument(keys.value);
  return ok({
    message: 'Public keys retrieved successfully',
    data: { ...document, keys: [...document.keys], usage: [...document.usage] },
    headers: { 'cache-control': 'public, max-age=300' },
  });
});

function notConfigured() {
  return fail('SIGNING_NOT_CONFIGURED', 'this installation has no signing key');
}
