import { ok, pagination } from '@control-plane/contract';
import { imagesList } from '@control-plane/contract/routes';
import { operation } from '../../operation.ts';

/** Images become a user's own by import or purchase; while neither is offered nobody owns any. */
export const listUserImages = operation(imagesList, ({ query }) =>
  Promise.resolve(
    ok({
      message: 'Images retrieved successfully',
      data: { images: [], pagination: pagination(0, query.page, query.limit) },
    }),
  ),
);
