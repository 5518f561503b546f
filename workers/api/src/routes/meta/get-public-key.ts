import { ok } from '@control-plane/contract';
import { metaGetPublicKey } from '@control-plane/contract/routes';
import { publicKeyDocument } from '@control-plane/signing';
import { operation } from '../../operation.ts';
import { signingKeys } from '../../signing-keys.ts';

export const getPublicKey = operation(metaGetPublicKey, async (_input, context) => {
  const keys = await signingKeys(context);
  if (!keys.ok) return keys;
  const document = publicKeyDocument(keys.value);
  return ok({
    message: 'Public keys retrieved successfully',
    data: { ...document, keys: [...document.keys], usage: [...document.usage] },
    headers: { 'cache-control': 'public, max-age=300' },
  });
});
