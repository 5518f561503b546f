import type { Operation } from '../../operation.ts';
import { getImageDetails } from './get-image-details.ts';
import { getImageIcon } from './get-image-icon.ts';
import { listPublicImages } from './list-public-images.ts';
import { listUserImages } from './list-user-images.ts';

/** Operations of the tag `images`. */
export const imageOperations: readonly Operation[] = [
  listPublicImages,
  getImageDetails,
  listUserImages,
  getImageIcon,
];
