import { fail, ok, type Result } from '@control-plane/contract';
import { findServerImage, mayUseImage, readServerUse, type Database } from '@control-plane/database';

/**
 * Whether containers of a project's owner may be made on a server now: it is they who rent it, whoever of
 * the project's members asks.
 */
export async function checkServerUse(
  database: Database,
  ownerId: string,
  serverId: string,
): Promise<Result<void>> {
  const use = await readServerUse(database, ownerId, serverId, Date.now());
  switch (use.kind) {
    case 'open':
      return ok(undefined);
    case 'expired':
      return fail(
        'OPERATION_NOT_PERMITTED_ON_EXPIRED',
        "The server's rental has expired: extend it to make containers on it again",
      );
    case 'suspended':
      return fail(
        'CONTAINER_ACCESS_SUSPENDED',
        "The server's usage could not be paid: top up the balance first",
      );
    case 'not_rented':
      return fail('OPERATION_NOT_PERMITTED_ON_EXPIRED', "The project's owner does not rent this server");
  }
}

/** Whether a project's owner may use an image: a priced one has to be bought first (IMAGE_NOT_PURCHASED). */
export async function checkImageUse(
  database: Database,
  ownerId: string,
  serverId: string,
  imageName: string,
): Promise<Result<void>> {
  const image = await findServerImage(database, serverId, imageName);
  if (image === null || (await mayUseImage(database, ownerId, image))) return ok(undefined);
  return fail(
    'IMAGE_NOT_PURCHASED',
    `"${imageName}" has to be bought first: POST /api/v1/images/purchase/${image.id}`,
    { data: { image_id: image.id, price_cents: image.priceCents } },
  );
}
