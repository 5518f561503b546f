import { randomBytes } from 'node:crypto';
import { inRootfsDirectory } from './rootfs-directory.ts';
import { makeSshHostKey } from './ssh-host-key.ts';

export type RenewIdentity = {
  /** The copied machine's root, which has not run yet. */
  readonly root: string;
  /** Host uid that is root inside; null: the daemon's own user. */
  readonly owner: number | null;
  /** The root whose identity it takes over, because it takes its place; null: it gets a new one. */
  readonly keptFrom: string | null;
};

const machineIdFiles = [
  ['etc', 'machine-id'],
  ['var/lib/dbus', 'machine-id'],
] as const;
const sshDirectory = 'etc/ssh';
const sshKeyPattern = /^ssh_host_[a-z0-9_-]{1,32}_key(?:\.pub)?$/;
const newKeyName = 'ssh_host_ed25519_key';

/**
 * Gives a copied machine what must not be the same in two: systemd's machine id, the SSH host keys, the seed of
 * its random numbers. Only what the machine had is replaced. New SSH host keys are made here, because few images
 * make them when they boot: one of Ed25519, whatever kinds there were.
 */
export function renewIdentity({ root, owner, keptFrom }: RenewIdentity): void {
  renewMachineId(root, owner, keptFrom);
  renewSshKeys(root, owner, keptFrom);
  inRootfsDirectory(root, 'var/lib/systemd', owner, (directory) => directory.remove('random-seed'));
}

function renewMachineId(root: string, owner: number | null, keptFrom: string | null): void {
  const kept =
    keptFrom === null
      ? undefined
      : inRootfsDirectory(keptFrom, 'etc', null, (directory) => directory.read('machine-id'));
  const machineId = isMachineId(kept) ? kept : `${randomBytes(16).toString('hex')}\n`;
  for (const [directoryName, name] of machineIdFiles) {
    inRootfsDirectory(root, directoryName, owner, (directory) => {
      if (isMachineId(directory.read(name))) directory.write(name, machineId, 0o444);
    });
  }
}

function renewSshKeys(root: string, owner: number | null, keptFrom: string | null): void {
  const kept = keptFrom === null ? [] : (readSshKeys(keptFrom) ?? []);
  inRootfsDirectory(root, sshDirectory, owner, (directory) => {
    const names = directory.names().filter((name) => sshKeyPattern.test(name));
    if (names.length === 0) return;
    for (const name of names) directory.remove(name);
    for (const [name, content] of kept.length > 0 ? kept : newSshKeys())
      directory.write(name, content, name.endsWith('.pub') ? 0o644 : 0o600);
  });
}

function readSshKeys(root: string): [name: string, content: string][] | undefined {
  return inRootfsDirectory(root, sshDirectory, null, (directory) =>
    directory
      .names()
      .filter((name) => sshKeyPattern.test(name))
      .flatMap((name): [string, string][] => {
        const content = directory.read(name);
        return content === undefined ? [] : [[name, content]];
      }),
  );
}

function newSshKeys(): [name: string, content: string][] {
  const { privateText, publicText } = makeSshHostKey('root@localhost');
  return [
    [newKeyName, privateText],
    [`${newKeyName}.pub`, publicText],
  ];
}

function isMachineId(content: string | undefined): content is string {
  return content !== undefined && /^[0-9a-f]{32}\n?$/.test(content);
}
