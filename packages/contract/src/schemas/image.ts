import * as z from 'zod';
import { lazy } from '../lazy.ts';
import {
  Count,
  ObjectId,
  PagePagination,
  QueryText,
  SortOrder,
  Timestamp,
  pageQuery,
  queryNumber,
} from './scalars.ts';

/** `size` in bytes, `price` in dollars. */
const imageFields = () => ({
  id: ObjectId(),
  alias: z.string(),
  description: z.string(),
  image_name: z.string(),
  architecture: z.string(),
  os: z.string(),
  release: z.string(),
  variant: z.string().nullable(),
  size: Count(),
  price: z.number(),
  average_rating: z.number(),
  rating_count: Count(),
  icon_url: z.string().nullable(),
  prespawn: z.boolean(),
});

const PublicImage = lazy(() => z.object({ ...imageFields(), added_date: Timestamp() }));

export const ImageDetail = lazy(() => PublicImage().extend({ serial: z.string() }));

const UserImage = lazy(() =>
  z.object({ ...imageFields(), user_rating: z.number().nullable(), has_rated: z.boolean() }),
);

export const PublicImageListData = lazy(() =>
  z.object({ images: z.array(PublicImage()), pagination: PagePagination() }),
);
export const UserImageListData = lazy(() =>
  z.object({ images: z.array(UserImage()), pagination: PagePagination() }),
);

/** In dollars. `remaining_balance` is absent for tokens that may not read the wallet. */
export const ImagePurchase = lazy(() =>
  z.object({ price_paid: z.number(), remaining_balance: z.number().optional() }),
);

export const ListPublicImagesQuery = lazy(() =>
  z.object({
    os: QueryText().optional(),
    architecture: QueryText().optional(),
    min_price: queryNumber().optional(),
    max_price: queryNumber().optional(),
    min_rating: queryNumber(5).optional(),
    max_rating: queryNumber(5).optional(),
    search: QueryText().optional(),
    ...pageQuery(20),
    sort_by: z.enum(['alias', 'added_date', 'price', 'rating']).optional(),
    sort_order: SortOrder().optional(),
  }),
);

export const ListUserImagesQuery = lazy(() =>
  z.object({
    ...pageQuery(20),
    sort_by: z.enum(['created_at']).optional(),
    sort_order: SortOrder().optional(),
  }),
);
