import { ok, pagination } from '@control-plane/contract';
import { imagesList } from '@control-plane/contract/routes';
import { listUserImages as listBoughtImages } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentImage } from './present-image.ts';

/** Images become a user's own by purchase; free ones are everybody's. */
export const listUserImages = operation(imagesList, async ({ query }, context) => {
  const { page, limit } = query;
  const { rows, total } = await listBoughtImages(context.database, context.principal.userId, {
    page,
    limit,
    sortOrder: query.sort_order ?? 'desc',
  });
  const { origin } = new URL(context.request.url);
  return ok({
    message: 'Images retrieved successfully',
    data: {
      images: rows.map((row) => ({ ...presentImage(row, origin), user_rating: null, has_rated: false })),
      pagination: pagination(total, page, limit),
    },
  });
});
