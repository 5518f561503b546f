import { mapFields, mapImage, mapInside, readFields } from './image-messages.ts';

/** Field numbers in CRIU's cgroup.proto. */
const controllersOfEntry = 2;
const directoriesOfController = 2;
const [childrenOfDirectory, propertiesOfDirectory] = [2, 3];
const nameOfProperty = 1;

/**
 * `image` (CRIU's cgroup.img) without the controllers that groups of version 2 had turned on: the daemon turns them on
 * earlier than CRIU, which then can't do it any more. It takes those that are on with the end of their line for names.
 */
export function leaveControllersOut(image: Buffer): Buffer {
  return mapImage(image, (entry) =>
    mapInside(entry, controllersOfEntry, (controller) =>
      mapInside(controller, directoriesOfController, leaveOut),
    ),
  );
}

function leaveOut(directory: Buffer): Buffer {
  return mapFields(directory, ({ number, value }) => {
    if (typeof value === 'bigint') return undefined;
    if (number === childrenOfDirectory) return leaveOut(value);
    return number === propertiesOfDirectory && nameOf(value) === 'cgroup.subtree_control' ? null : undefined;
  });
}

function nameOf(property: Buffer): string | undefined {
  return readFields(property)
    .find(({ number }) => number === nameOfProperty)
    ?.value.toString();
}
