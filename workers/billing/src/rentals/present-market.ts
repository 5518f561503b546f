import { ServerCategory } from '@control-plane/contract';
import type { MarketRow, OfferRow } from '@control-plane/database';
import {
  dollarsOf,
  readMeteringRates,
  readPriceTable,
  type MarketEntry,
  type MeteringRates,
  type PriceTable,
} from '@control-plane/rentals';
import { presentDiskUnits, presentPlace, presentSpecs, specsOf } from './present-specs.ts';

/** A listing as the filter sees it; null for one that has no readable price and can't be rented. */
export function marketEntryOf({ listing, server }: MarketRow): MarketEntry | null {
  const prices = readPriceTable(JSON.parse(listing.pricesJson));
  if (typeof prices === 'string') return null;
  return {
    country: server.country,
    region: server.region,
    category: server.category,
    isFeatured: listing.isFeatured,
    prices,
    specs: specsOf(listing.specsJson, server.factsJson),
  };
}

/** Metering rates as they are stored with a listing or a rental; null for a flat rate. */
export function ratesOf(meteringJson: string | null): MeteringRates | null {
  const rates = readMeteringRates(meteringJson === null ? null : JSON.parse(meteringJson));
  if (rates === 'invalid') throw new Error('stored metering rates make no sense');
  return rates;
}

/** A server of the market in wire form. */
export function presentListing(row: MarketRow, entry: MarketEntry) {
  const { listing, server, slotsTaken } = row;
  const rates = ratesOf(listing.meteringJson);
  return {
    id: server.id,
    name: server.name,
    ...presentPlace(server),
    ...(listing.model === null ? {} : { model: listing.model }),
    is_vm: listing.isVm,
    category: ServerCategory().safeParse(server.category).data ?? null,
    featured: listing.isFeatured,
    popularity_rank: listing.popularityRank,
    setup_time_minutes: listing.setupTimeMinutes,
    // What is on the market stands there already.
    delivery_hours: 0,
    pricing: {
      ...presentTiers(entry.prices),
      setup_fee: dollarsOf(listing.setupFeeCents),
      setup_fee_cents: listing.setupFeeCents,
      metering:
        rates === null
          ? null
          : {
              compute_micros_per_hour: rates.computeMicrosPerHour,
              memory_micros_per_hour: rates.memoryMicrosPerHour,
              storage_micros_per_hour: rates.storageMicrosPerHour,
            },
    },
    specs: presentSpecs(entry.specs),
    slots: { total: listing.slots, free: Math.max(0, listing.slots - slotsTaken) },
  };
}

function presentTiers(table: PriceTable) {
  const tiers = [...table];
  return {
    prices: Object.fromEntries(tiers.map(([days, cents]) => [String(days), dollarsOf(cents)])),
    price_tiers: Object.fromEntries(
      tiers.map(([days, cents]) => [
        String(days),
        { total_cents: cents, per_day_cents: Math.round((cents / days) * 100) / 100 },
      ]),
    ),
  };
}

const readRules = (stored: string | null): Record<string, unknown> | null =>
  stored === null ? null : (JSON.parse(stored) as Record<string, unknown>);

/** An offer in wire form. */
export function presentOffer(offer: OfferRow) {
  const specs = specsOf(offer.specsJson, null);
  return {
    id: offer.id,
    name: offer.name,
    country: offer.country,
    region: offer.region,
    city: offer.city,
    datacenter: offer.datacenter,
    cpu_model: specs.cpuModel ?? null,
    cpu_cores: specs.cpuCores ?? null,
    cpu_threads: specs.cpuThreads ?? null,
    ram_gb: specs.ramGb ?? null,
    disks: specs.disks === undefined ? null : presentDiskUnits(specs),
    bandwidth_mbps: specs.bandwidthMbps ?? null,
    traffic_tb: specs.trafficTb ?? null,
    traffic_unlimited: specs.trafficUnlimited ?? false,
    ipv4_count: specs.ipv4Count ?? 0,
    pricing_rules: readRules(offer.pricesJson),
    hold_rules: readRules(offer.holdRulesJson),
    setup_fee_cents: offer.setupFeeCents,
    setup_fee_rules: readRules(offer.setupFeeRulesJson),
    delivery_hours: offer.deliveryHours,
    setup_time_minutes: offer.setupTimeMinutes,
    stock: offer.stock,
  };
}
