import { imagesGetIcon } from '@control-plane/contract/routes';
import { findImage } from '@control-plane/database';
import { operation } from '../../operation.ts';
import { colorOfName, placeholderIcon } from './placeholder-icon.ts';

/** An unknown image has an icon too, a grey one: pages that show icons need no error path. */
export const getImageIcon = operation(imagesGetIcon, async ({ params }, context) => {
  const image = await findImage(context.database, params.id);
  return new Response(placeholderIcon(colorOfName(image?.os ?? '')), {
    headers: { 'content-type': 'image/png', 'cache-control': 'public, max-age=3600' },
  });
});
