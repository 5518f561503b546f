import type { Operation } from '../../operation.ts';
import { purchaseImageOperation } from '../images/purchase-image.ts';
import { getReservationOperation } from '../offers/get-reservation.ts';
import { listOffersOperation } from '../offers/list-offers.ts';
import { listReservationsOperation } from '../offers/list-reservations.ts';
import { reserveOfferOperation } from '../offers/reserve-offer.ts';
import { browseMarket } from '../servers/browse-market.ts';
import { getRentalRuntimeOperation, getServerRuntimeOperation } from '../servers/get-runtime.ts';
import { rentServerOperation } from '../servers/rent-server.ts';
import { extendRentalOperation } from './extend-rental.ts';
import { getRentalOperation, getServerOperation } from './get-rental.ts';
import { listRentalsOperation, listServersOperation } from './list-rentals.ts';

export const rentalOperations: readonly Operation[] = [
  listRentalsOperation,
  getRentalOperation,
  extendRentalOperation,
  getRentalRuntimeOperation,
  listServersOperation,
  browseMarket,
  getServerOperation,
  rentServerOperation,
  getServerRuntimeOperation,
  listOffersOperation,
  reserveOfferOperation,
  listReservationsOperation,
  getReservationOperation,
  purchaseImageOperation,
];
