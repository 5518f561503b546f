import { UNRATED, type ImageRow } from '@control-plane/database';

/** The wire form of an image. `origin` is where the caller reached the API. Price in dollars, size in bytes. */
export function presentImage(image: ImageRow, origin: string) {
  return {
    id: image.id,
    alias: image.alias,
    description: image.description,
    image_name: image.name,
    architecture: image.architecture,
    os: image.os,
    release: image.release,
    variant: image.variant,
    size: image.sizeBytes,
    price: image.priceCents / 100,
    added_date: new Date(image.createdAt).toISOString(),
    average_rating: UNRATED,
    rating_count: 0,
    icon_url: `${origin}/api/v1/images/${image.id}/icon`,
    prespawn: false,
  };
}
