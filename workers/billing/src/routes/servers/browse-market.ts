import { ok } from '@control-plane/contract/errors';
import { serversBrowse } from '@control-plane/contract/routes';
import { listMarket } from '@control-plane/database';
import { passesFilter } from '@control-plane/rentals';
import { operation } from '../../operation.ts';
import { marketEntryOf, presentListing } from '../../rentals/present-market.ts';

export const browseMarket = operation(serversBrowse, async ({ query }, { database }) => {
  const filter = {
    country: query.country,
    region: query.region,
    pricePerDayMax: query.max_price_per_day,
    durations: query.available_durations,
    cpuCoresMin: query.min_cpu_cores,
    cpuScoreMin: query.min_cpu_score,
    cpuScoreType: query.cpu_score_type,
    ramGbMin: query.min_ram_gb,
    ramTypes: query.ram_types,
    storageGbMin: query.min_total_storage_gb,
    diskTypes: query.disk_types,
    bandwidthMbpsMin: query.min_bandwidth_mbps,
    trafficTbMin: query.min_traffic_tb,
    unlimitedTrafficOnly: query.unlimited_traffic_only,
    category: query.category,
    featuredOnly: query.featured_only,
  };
  const rows = await listMarket(database);
  return ok({
    message: 'Servers retrieved successfully',
    data: rows.flatMap((row) => {
      const entry = marketEntryOf(row);
      return entry !== null && passesFilter(entry, filter) ? [presentListing(row, entry)] : [];
    }),
  });
});
