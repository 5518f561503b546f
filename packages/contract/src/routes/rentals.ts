import { type RouteDefinition, defineRoute } from '../route.ts';
import * as rental from '../schemas/rental.ts';
import { IdParams } from '../schemas/scalars.ts';
import * as market from '../schemas/server-market.ts';
import { RentalRuntime, RuntimeServerScope } from '../schemas/server-runtime.ts';

const CHARGE_ERRORS = [
  'INSUFFICIENT_BALANCE',
  'INVALID_DURATION',
  'CHARGE_CONFIRMATION_REQUIRED',
  'CHARGE_EXCEEDS_MAX',
] as const;

const listed = {
  method: 'GET',
  auth: 'bearer',
  success: [200],
  data: rental.RentalList,
  errors: [],
} as const;

const one = {
  method: 'GET',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: rental.RentalDetail,
  errors: ['RESOURCE_NOT_FOUND'],
} as const;

const runtime = {
  method: 'GET',
  auth: 'jwt',
  params: IdParams,
  success: [200],
  errors: ['RESOURCE_NOT_FOUND', 'SERVER_SHARED', 'RATE_LIMIT_EXCEEDED', 'RUNTIME_UNAVAILABLE'],
} as const;

export const rentalsList = defineRoute({
  operationId: 'rentals.list',
  path: '/api/v1/rentals',
  tag: 'rentals',
  summary: 'List the servers that the caller rents or was given',
  ...listed,
});

export const rentalsGet = defineRoute({
  operationId: 'rentals.get',
  path: '/api/v1/rentals/{id}',
  tag: 'rentals',
  summary: "Get a rental, by its id or its server's",
  ...one,
});

export const rentalsExtend = defineRoute({
  operationId: 'rentals.extend',
  method: 'POST',
  path: '/api/v1/rentals/{id}/extend',
  tag: 'rentals',
  summary: 'Pay for a further term',
  auth: 'bearer',
  permission: 'financial.server_rental.extend_rentals',
  params: IdParams,
  body: rental.ExtendRentalBody,
  success: [200],
  data: rental.ExtendedRental,
  errors: ['RESOURCE_NOT_FOUND', 'EXTENSION_ALREADY_APPLIED', ...CHARGE_ERRORS],
});

export const rentalsGetRuntime = defineRoute({
  operationId: 'serverRental.getRentalRuntime',
  path: '/api/v1/rentals/{id}/runtime',
  tag: 'serverRental',
  summary: "See how busy a rented server is, or the caller's part of a shared one",
  data: RentalRuntime,
  ...runtime,
});

export const serversList = defineRoute({
  operationId: 'serverRental.list',
  path: '/api/v1/servers',
  tag: 'serverRental',
  summary: 'List the servers that the caller rents or was given',
  ...listed,
});

export const serversBrowse = defineRoute({
  operationId: 'serverRental.browse',
  method: 'GET',
  path: '/api/v1/servers/available',
  tag: 'serverRental',
  summary: 'List the servers that can be rented now',
  auth: 'bearer',
  permission: 'financial.server_rental.view_marketplace',
  query: market.BrowseServersQuery,
  success: [200],
  data: market.MarketplaceServerList,
  errors: [],
});

export const serversGet = defineRoute({
  operationId: 'serverRental.get',
  path: '/api/v1/servers/{id}',
  tag: 'serverRental',
  summary: "Get a rental, by its id or its server's",
  ...one,
});

export const serversRent = defineRoute({
  operationId: 'serverRental.rent',
  method: 'POST',
  path: '/api/v1/servers/{id}/rent',
  tag: 'serverRental',
  summary: 'Rent a server of the market',
  auth: 'bearer',
  permission: 'financial.server_rental.rent_servers',
  params: IdParams,
  body: rental.RentServerBody,
  success: [201],
  data: rental.RentedServer,
  errors: [
    'RESOURCE_NOT_FOUND',
    'SERVER_UNAVAILABLE',
    'NO_PRICING',
    'PRICING_INVALID',
    'SETUP_FEE_CONFIRMATION_REQUIRED',
    ...CHARGE_ERRORS,
  ],
});

export const serversGetRuntime = defineRoute({
  operationId: 'serverRental.getServerRuntime',
  path: '/api/v1/servers/{id}/runtime',
  tag: 'serverRental',
  summary: 'See how busy a server is that the caller rents alone',
  data: RuntimeServerScope,
  ...runtime,
});

export const offersList = defineRoute({
  operationId: 'serverRental.listServerOffers',
  method: 'GET',
  path: '/api/v1/offers',
  tag: 'serverRental',
  summary: 'List the servers that can be ordered',
  auth: 'bearer',
  permission: 'financial.server_rental.view_marketplace',
  success: [200],
  data: market.ServerOfferList,
  errors: [],
});

export const offersReserve = defineRoute({
  operationId: 'serverRental.reserveServerOffer',
  method: 'POST',
  path: '/api/v1/offers/{id}/reserve',
  tag: 'serverRental',
  summary: 'Order a server; it is paid at once',
  auth: 'bearer',
  permission: 'financial.server_rental.rent_servers',
  params: IdParams,
  body: rental.ReserveOfferBody,
  success: [200],
  data: rental.ReservationMade,
  errors: [
    'RESOURCE_NOT_FOUND',
    'SERVER_UNAVAILABLE',
    'NO_PRICING',
    'PRICING_INVALID',
    'IDEMPOTENCY_INTENT_MISMATCH',
    'SETUP_FEE_CONFIRMATION_REQUIRED',
    ...CHARGE_ERRORS,
  ],
});

export const reservationsList = defineRoute({
  operationId: 'serverRental.listMyReservations',
  method: 'GET',
  path: '/api/v1/reservations',
  tag: 'serverRental',
  summary: "List the caller's orders",
  auth: 'bearer',
  query: market.ListReservationsQuery,
  success: [200],
  data: rental.ReservationList,
  extra: market.reservationCounters,
  errors: [],
});

export const reservationsGet = defineRoute({
  operationId: 'serverRental.getMyReservation',
  method: 'GET',
  path: '/api/v1/reservations/{id}',
  tag: 'serverRental',
  summary: 'Get an order',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: rental.Reservation,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const RENTAL_ROUTES: readonly RouteDefinition[] = [
  rentalsList,
  rentalsGet,
  rentalsExtend,
  rentalsGetRuntime,
  serversList,
  serversBrowse,
  serversGet,
  serversRent,
  serversGetRuntime,
  offersList,
  offersReserve,
  reservationsList,
  reservationsGet,
];
