import { fail, ok } from '@control-plane/contract';
import { imagesGetDetails } from '@control-plane/contract/routes';
import { findImage } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { presentImage } from './present-image.ts';

export const getImageDetails = operation(imagesGetDetails, async ({ params }, context) => {
  const image = await findImage(context.database, params.id);
  if (image === null) return fail('RESOURCE_NOT_FOUND', 'Image not found');
  const { origin } = new URL(context.request.url);
  return ok({
    message: 'Image retrieved successfully',
    data: { ...presentImage(image, origin), serial: image.serial },
  });
});
