import { fail, ok, type Result } from '@control-plane/contract';
import { findServerImage, type Database, type ServerRow } from '@control-plane/database';

/** `debian-13`, `debian:13` and `debian 13` all mean `debian/13`. */
export function normaliseImageName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s:/-]+/, '/');
}

/**
 * The image that a container gets: the one that is asked for, by its name or a shorthand, or the server's
 * default. A name without a release means the server's newest of that system. IMAGE_NOT_FOUND otherwise.
 */
export async function chooseImage(
  database: Database,
  server: ServerRow,
  wanted: string | null | undefined,
  imageNames: readonly string[],
): Promise<Result<string>> {
  const name = wanted === null || wanted === undefined ? null : normaliseImageName(wanted);
  if (name !== null && !name.includes('/')) {
    const releases = imageNames
      .filter((image) => image === name || image.startsWith(`${name}/`))
      .toSorted(compareReleases);
    const newest = releases.at(-1);
    return newest === undefined ? imageNotFound(server, name) : ok(newest);
  }
  const image = await findServerImage(database, server.id, name);
  return image === null ? imageNotFound(server, name ?? 'a default') : ok(image.name);
}

function compareReleases(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}

function imageNotFound(server: ServerRow, name: string): Result<never> {
  return fail(
    'IMAGE_NOT_FOUND',
    `Server "${server.name}" has no image "${name}"; GET /api/v1/images/public lists what there is`,
    {
      data: { container_image: name, server_id: server.id },
    },
  );
}
