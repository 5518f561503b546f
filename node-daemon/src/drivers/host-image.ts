import type { HostImage } from '@control-plane/contract/link';
import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';

/** Parses os-release(5). */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line.trim());
    if (match?.[1] !== undefined) values.set(match[1], match[2] ?? match[3] ?? match[4] ?? '');
  }
  return values;
}

const osReleaseFile = '/usr/lib/os-release';

/** The host's own name for its system, for example `Debian GNU/Linux 12 (bookworm)`. */
export function readOsName(): string {
  const release = readOsRelease();
  return release.get('PRETTY_NAME') ?? release.get('ID') ?? 'Linux';
}

function readOsRelease(): Map<string, string> {
  try {
    return parseOsRelease(readFileSync(osReleaseFile, 'utf8'));
  } catch {
    // A host without os-release still has a userland.
    return new Map();
  }
}

/** The one image of a host that lends its own userland, named after it: for example `debian/12`. */
export function readHostImage(): HostImage {
  const release = readOsRelease();
  const changedAt = statSync(osReleaseFile, { throwIfNoEntry: false })?.mtime ?? new Date(0);
  const id = (release.get('ID') ?? 'linux').slice(0, 50);
  const version = (release.get('VERSION_ID') ?? 'rolling').slice(0, 49);
  return {
    name: `${id}/${version}`,
    os: id,
    release: version,
    variant: null,
    architecture: os.arch() === 'x64' ? 'x86_64' : os.arch() === 'arm64' ? 'aarch64' : os.arch(),
    serial: changedAt.toISOString().slice(0, 10).replaceAll('-', ''),
    size_bytes: 0,
    description: `${readOsName()}, the host’s own userland`.slice(0, 500),
    is_default: true,
  };
}
