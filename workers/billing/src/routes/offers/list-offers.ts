import { ok } from '@control-plane/contract/errors';
import { offersList } from '@control-plane/contract/routes';
import { listOffers } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentOffer } from '../../rentals/present-market.ts';

export const listOffersOperation = operation(offersList, async (_input, { database }) =>
  ok({
    message: 'Offers retrieved successfully',
    data: (await listOffers(database)).map((offer) => presentOffer(offer)),
  }),
);
