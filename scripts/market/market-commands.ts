/** What an operator does with the market: servers, offers, orders, prices of images. Each ends with a line to show. */
import { newObjectId, secureRandom } from '@control-plane/auth';
import {
  deliverReservation,
  findAnyReservation,
  putListing,
  putOffer,
  refundReservation,
  setImagePrice,
  withdrawListing,
  type Database,
} from '@control-plane/database';
import { servers } from '@control-plane/database/schema';
import { DAY_MS } from '@control-plane/rentals';
import { eq } from 'drizzle-orm';
import { ListingFile, OfferFile } from './market-files.ts';

/** What was asked for can't be done; the message says why. */
export class MarketError extends Error {}

async function serverIdOf(database: Database, nameOrId: string): Promise<string> {
  const rows = await database
    .select({ id: servers.id, name: servers.name })
    .from(servers)
    .where(/^[0-9a-f]{24}$/.test(nameOrId) ? eq(servers.id, nameOrId) : eq(servers.name, nameOrId));
  const [server] = rows;
  if (server === undefined) throw new MarketError(`There is no server "${nameOrId}".`);
  return server.id;
}

function parse<T>(schema: { parse(value: unknown): T }, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new MarketError(
      `The description is not right: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}

/** Puts a server on the market, or changes its terms; `text`: JSON as {@link ListingFile} has it. */
export async function listServer(
  database: Database,
  server: string,
  text: string,
  now: number,
): Promise<string> {
  const serverId = await serverIdOf(database, server);
  const file = parse(ListingFile, text);
  await putListing(database, {
    serverId,
    isListed: true,
    slots: file.slots,
    isFeatured: file.featured,
    popularityRank: file.popularity_rank,
    model: file.model,
    isVm: file.is_vm,
    specsJson: file.specs === null ? null : JSON.stringify(file.specs),
    pricesJson: JSON.stringify(file.prices_cents),
    setupFeeCents: file.setup_fee_cents,
    setupTimeMinutes: file.setup_time_minutes,
    holdDays: file.hold_days,
    meteringJson: file.metering === null ? null : JSON.stringify(file.metering),
    createdAt: now,
    updatedAt: now,
  });
  return `${server} is on the market as ${serverId}.`;
}

/** Takes a server off the market; who rents it keeps it. */
export async function unlistServer(database: Database, server: string, now: number): Promise<string> {
  const serverId = await serverIdOf(database, server);
  if (!(await withdrawListing(database, serverId, now)))
    throw new MarketError(`${server} is not on the market.`);
  return `${server} is off the market; rentals that run go on.`;
}

/** Makes an offer, or changes the one of `id`; `text`: JSON as {@link OfferFile} has it. */
export async function offerServers(
  database: Database,
  id: string | undefined,
  text: string,
  now: number,
): Promise<string> {
  const file = parse(OfferFile, text);
  const offerId = id ?? newObjectId(secureRandom);
  await putOffer(database, {
    id: offerId,
    name: file.name,
    isActive: file.active,
    country: file.country,
    region: file.region,
    city: file.city,
    datacenter: file.datacenter,
    specsJson: JSON.stringify(file.specs),
    pricesJson: JSON.stringify(file.prices_cents),
    holdRulesJson: file.hold_rules === null ? null : JSON.stringify(file.hold_rules),
    setupFeeCents: file.setup_fee_cents,
    setupFeeRulesJson:
      file.setup_fee_rules_cents === null ? null : JSON.stringify(file.setup_fee_rules_cents),
    deliveryHours: file.delivery_hours,
    setupTimeMinutes: file.setup_time_minutes,
    stock: file.stock,
    createdAt: now,
    updatedAt: now,
  });
  return `Offer ${offerId}: ${file.name}.`;
}

/** Delivers an order: its rental begins on `server`, which has to be on the market, listed or not. */
export async function fulfilOrder(
  database: Database,
  reservationId: string,
  server: string,
  now: number,
): Promise<string> {
  const serverId = await serverIdOf(database, server);
  const order = await findAnyReservation(database, reservationId);
  if (order === null) throw new MarketError(`There is no order ${reservationId}.`);
  const rentalId = newObjectId(secureRandom);
  const endsAt = now + order.days * DAY_MS;
  const payload = { server_id: serverId, rental_id: rentalId, rental_end: new Date(endsAt).toISOString() };
  const outcome = await deliverReservation(
    database,
    order.id,
    {
      id: rentalId,
      userId: order.userId,
      realmId: order.realmId,
      serverId,
      status: 'active',
      startsAt: now,
      endsAt,
      holdDays: order.holdDays,
      rentalCents: order.rentalCents,
      setupFeeCents: order.setupFeeCents,
      renewalPricesJson: renewalPricesOf(order.offerSnapshotJson),
      transactionId: order.transactionId,
      meteredUntil: now,
      createdAt: now,
      updatedAt: now,
    },
    {
      id: newObjectId(secureRandom),
      userId: order.userId,
      eventType: 'server.rented',
      resourceType: 'server',
      resourceId: serverId,
      payload: { ...payload, reservation_id: order.id },
      realmIds: order.realmId === null ? [] : [order.realmId],
      now,
    },
  );
  switch (outcome) {
    case 'delivered':
      return `Order ${order.id} is delivered: rental ${rentalId} on ${server}.`;
    case 'settled_already':
      throw new MarketError(`Order ${order.id} is ${order.state} already.`);
    case 'server_taken':
      throw new MarketError(`${server} has no place left, or was never put on the market.`);
    case 'held_already':
      throw new MarketError(`Who ordered rents ${server} already.`);
  }
}

/** What was promised with the order is what renewals cost at most. */
function renewalPricesOf(offerSnapshotJson: string): string | null {
  const snapshot: unknown = JSON.parse(offerSnapshotJson);
  const prices: unknown =
    typeof snapshot === 'object' && snapshot !== null ? Reflect.get(snapshot, 'pricing_rules') : null;
  return typeof prices === 'object' && prices !== null ? JSON.stringify(prices) : null;
}

/** Gives an order's money back. */
export async function refundOrder(database: Database, reservationId: string, now: number): Promise<string> {
  const order = await findAnyReservation(database, reservationId);
  if (order === null) throw new MarketError(`There is no order ${reservationId}.`);
  if (!(await refundReservation(database, order, newObjectId(secureRandom), now))) {
    throw new MarketError(`Order ${order.id} is ${order.state} already.`);
  }
  return `Order ${order.id} is paid back.`;
}

/** Sets what an image costs on every server; 0 cents make it free. */
export async function priceImage(
  database: Database,
  imageName: string,
  centsText: string,
  now: number,
): Promise<string> {
  if (!/^\d{1,8}$/.test(centsText)) throw new MarketError('The price is a whole number of cents.');
  if (!(await setImagePrice(database, imageName, Number(centsText), now))) {
    throw new MarketError(`There is no image "${imageName}".`);
  }
  return `${imageName} costs ${centsText} cents.`;
}
