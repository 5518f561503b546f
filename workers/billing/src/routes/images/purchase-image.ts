import { grantsLeaf } from '@control-plane/auth';
import { fail, ok } from '@control-plane/contract/errors';
import { imagesPurchase } from '@control-plane/contract/routes';
import { findImage, findPurchase, purchaseImage, readBalances } from '@control-plane/database';
import { charge as chargeTransaction, usdOfMicros } from '@control-plane/ledger';
import type { AuthenticatedContext } from '../../context.ts';
import { operation } from '../../operation.ts';
import { insufficientBalance } from '../../wallet/insufficient-balance.ts';

export const purchaseImageOperation = operation(imagesPurchase, async ({ params }, context) => {
  const { database, principal, seedId } = context;
  const { userId } = principal;
  const image = await findImage(database, params.id);
  if (image === null) return fail('RESOURCE_NOT_FOUND', 'Image not found');
  const owned = await findPurchase(database, userId, image.id);
  if (owned !== null) return bought(context, owned.paidCents, 'You have bought this image before');
  if (image.priceCents === 0) return fail('IMAGE_IS_FREE', 'This image costs nothing and may be used by all');

  const now = Date.now();
  const outcome = await purchaseImage(
    database,
    { userId, imageId: image.id, paidCents: image.priceCents, transactionId: seedId, createdAt: now },
    chargeTransaction({
      id: seedId,
      type: 'image_purchase',
      userId,
      description: `Image ${image.name}`,
      reference: { type: 'image', id: image.id },
      now,
      lines: [{ to: 'revenue', cents: image.priceCents }],
    }),
  );
  switch (outcome) {
    case 'bought':
      return bought(context, image.priceCents, 'Image purchased successfully');
    case 'owned': {
      const first = await findPurchase(database, userId, image.id);
      return bought(context, first?.paidCents ?? image.priceCents, 'You have bought this image before');
    }
    case 'insufficient_balance':
      return insufficientBalance(database, userId, image.priceCents);
  }
});

async function bought({ database, principal }: AuthenticatedContext, paidCents: number, message: string) {
  const { grant, userId } = principal;
  const seesWallet = grant === null || grantsLeaf(grant.permissions, 'financial.wallet.read');
  return ok({
    message,
    data: {
      price_paid: paidCents / 100,
      ...(seesWallet
        ? { remaining_balance: usdOfMicros((await readBalances(database, userId)).generalMicros) }
        : {}),
    },
  });
}
