import * as z from 'zod';
import { lazy } from '../lazy.ts';

const leaves = <const Name extends string>(names: readonly Name[]) => {
  const leaf = z.boolean().optional();
  const shape = Object.fromEntries(names.map((name) => [name, leaf]));
  return z.strictObject(shape as Record<Name, typeof leaf>).shape;
};

/** The permission tree of an auth token. An absent leaf means denied. */
export const TokenPermissions = lazy(() =>
  z.strictObject({
    containers: z
      .strictObject({
        ...leaves(['create', 'read', 'update', 'delete']),
        actions: z.strictObject(leaves(['start', 'stop', 'restart', 'exec', 'logs'])).optional(),
        features: z.strictObject(leaves(['ai', 'hoody_kit', 'snapshots', 'networking', 'kvm'])).optional(),
      })
      .optional(),
    projects: z
      .strictObject({
        ...leaves(['create', 'read', 'update', 'delete']),
        members: z.strictObject(leaves(['invite', 'remove', 'change_roles'])).optional(),
      })
      .optional(),
    financial: z
      .strictObject({
        wallet: z.strictObject(leaves(['read', 'transfer', 'withdraw'])).optional(),
        billing: z.strictObject(leaves(['read', 'manage_payment_methods', 'download_invoices'])).optional(),
        server_rental: z
          .strictObject(leaves(['view_marketplace', 'rent_servers', 'extend_rentals', 'terminate_rentals']))
          .optional(),
      })
      .optional(),
    resources: z
      .strictObject(
        leaves([
          'vault',
          'events',
          'ssh_keys',
          'storage_shares',
          'proxy_aliases',
          'firewalls',
          'realms',
          'auth_token_public_profile',
          'create_tokens',
          'read_account',
        ]),
      )
      .optional(),
    admin: z.strictObject(leaves(['users', 'servers', 'system', 'billing', 'monitoring'])).optional(),
  }),
);
