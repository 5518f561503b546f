/**
 * What makes two SSH public keys the same: type and key material, without the comment at the end. Routing
 * by key needs them unique among containers.
 */
export function sshKeyIdentity(key: string): string {
  return key.trim().split(/\s+/, 2).join(' ');
}
