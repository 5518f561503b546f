/** `os` or `os/release`: lower case letters, digits, dots and hyphens, for example `debian/13`. */
const namePattern = /^[a-z0-9][a-z0-9.-]{0,48}(?:\/[a-z0-9][a-z0-9.-]{0,48})?$/;

/** Whether this can be the name of an image. */
export function isImageName(name: string): boolean {
  return namePattern.test(name);
}

/** The parts of a name; an image without a release has the release `rolling`. */
export function partsOf(name: string): { os: string; release: string } {
  const [os = name, release = 'rolling'] = name.split('/');
  return { os, release };
}
