import { closeSync, readFileSync, readdirSync } from 'node:fs';

/** O_CLOEXEC in the flags of /proc/PID/fdinfo, which are octal. */
const closeOnExec = 0o2_000_000;

/**
 * Closes every descriptor above 2 that programs started from here would get: Node opens none of that kind, so
 * they come from whoever started the daemon. In a machine they would be a hole, and keep it from being held
 * in a checkpoint. Gives their numbers.
 */
export function closeInheritedDescriptors(): number[] {
  const closed: number[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2 || !isInheritable(descriptor)) continue;
    try {
      closeSync(descriptor);
      closed.push(descriptor);
    } catch {
      // It was the directory that was read here, or ended meanwhile.
    }
  }
  return closed;
}

function isInheritable(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false;
  }
}
