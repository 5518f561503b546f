import { type RouteDefinition, defineRoute } from '../route.ts';
import * as image from '../schemas/image.ts';
import { IdParams } from '../schemas/scalars.ts';

const tag = 'images';

export const imagesListPublic = defineRoute({
  operationId: 'images.listPublic',
  method: 'GET',
  path: '/api/v1/images/public',
  tag,
  summary: 'List the images that containers can be made of',
  auth: 'public',
  query: image.ListPublicImagesQuery,
  success: [200],
  data: image.PublicImageListData,
  errors: [],
});

export const imagesGetDetails = defineRoute({
  operationId: 'images.getDetails',
  method: 'GET',
  path: '/api/v1/images/public/{id}',
  tag,
  summary: 'Get an image',
  auth: 'public',
  params: IdParams,
  success: [200],
  data: image.ImageDetail,
  errors: ['RESOURCE_NOT_FOUND'],
});

export const imagesList = defineRoute({
  operationId: 'images.list',
  method: 'GET',
  path: '/api/v1/images/user',
  tag,
  summary: "List the caller's own images",
  auth: 'bearer',
  query: image.ListUserImagesQuery,
  success: [200],
  data: image.UserImageListData,
  errors: [],
});

export const imagesGetIcon = defineRoute({
  operationId: 'images.getIcon',
  method: 'GET',
  path: '/api/v1/images/{id}/icon',
  tag,
  summary: "Get an image's icon; a placeholder when it has none",
  auth: 'public',
  params: IdParams,
  success: [200],
  contentType: 'image/png',
  errors: [],
});

export const imagesPurchase = defineRoute({
  operationId: 'images.purchase',
  method: 'POST',
  path: '/api/v1/images/purchase/{id}',
  tag,
  summary: 'Buy an image that costs something',
  auth: 'bearer',
  params: IdParams,
  success: [200],
  data: image.ImagePurchase,
  errors: ['INSUFFICIENT_BALANCE', 'RESOURCE_NOT_FOUND', 'IMAGE_IS_FREE'],
});

export const IMAGE_ROUTES: readonly RouteDefinition[] = [
  imagesListPublic,
  imagesGetDetails,
  imagesList,
  imagesPurchase,
  imagesGetIcon,
];
