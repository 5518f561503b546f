/**
 * The options that tell CRIU where the groups of a machine begin, out of its /proc/PID/cgroup: below that they
 * are the machine's own and are held with it. LXC puts them below the group of the host's pid 1, which need
 * not be the same in each hierarchy.
 */
export function cgroupRootArguments(text: string, containerId: string): string[] {
  const places = text.split('\n').flatMap((line) => {
    const match = /^[0-9]+:([^:]*):(\/.*)$/.exec(line);
    const [controllers, inner] = [match?.[1], match?.[2]];
    if (controllers === undefined || inner === undefined) return [];
    const components = inner.split('/');
    const end = components.lastIndexOf(containerId);
    const root = end < 0 ? inner : components.slice(0, end + 1).join('/');
    return [{ controller: controllers.split(',')[0] ?? '', root }];
  });
  const common = places.find(({ controller }) => controller === '')?.root ?? places[0]?.root;
  if (common === undefined) return [];
  const others = places.filter(({ controller, root }) => controller !== '' && root !== common);
  return [
    '--cgroup-root',
    common,
    ...others.flatMap(({ controller, root }) => ['--cgroup-root', `${controller}:${root}`]),
  ];
}
