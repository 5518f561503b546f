import { ok, pagination } from '@control-plane/contract';
import { imagesListPublic } from '@control-plane/contract/routes';
import { listImages } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentImage } from './present-image.ts';

/** Keeps a product such as 0.29 × 100 from falling on the wrong side of its whole number. */
const CENT_TOLERANCE = 1e-6;

export const listPublicImages = operation(imagesListPublic, async ({ query }, context) => {
  const sortBy = query.sort_by ?? 'added_date';
  const { rows, total } = await listImages(context.database, {
    os: query.os,
    architecture: query.architecture,
    priceCentsMin:
      query.min_price === undefined ? undefined : Math.ceil(query.min_price * 100 - CENT_TOLERANCE),
    priceCentsMax:
      query.max_price === undefined ? undefined : Math.floor(query.max_price * 100 + CENT_TOLERANCE),
    ratingMin: query.min_rating,
    ratingMax: query.max_rating,
    search: query.search,
    page: query.page,
    limit: query.limit,
    sortBy,
    sortOrder: query.sort_order ?? (sortBy === 'alias' ? 'asc' : 'desc'),
  });
  const { origin } = new URL(context.request.url);
  return ok({
    message: 'Images retrieved successfully',
    data: {
      images: rows.map((row) => presentImage(row, origin)),
      pagination: pagination(total, query.page, query.limit),
    },
  });
});
