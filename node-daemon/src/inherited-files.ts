import { closeSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/**
 * Closes what this process inherited beside its standard streams, so that no file of whoever started the
 * daemon gets into a machine. Whatever node opened itself is marked close-on-exec, and stays.
 */
export function closeInheritedFiles(): void {
  const channel = Number(process.env['NODE_CHANNEL_FD'] ?? Number.NaN);
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2 || descriptor === channel) continue;
    try {
      const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0) closeSync(descriptor);
    } catch {
      // The listing itself: it is closed already.
    }
  }
}
