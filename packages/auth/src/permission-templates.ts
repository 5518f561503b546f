import type { PermissionTemplateName } from '@control-plane/contract';
import { PERMISSION_LEAVES, type PermissionLeaf } from '@control-plane/contract/permissions';
import { permissionTree, type FullPermissionTree } from './permission-tree.ts';

/** Every leaf under one of the prefixes, or equal to it. */
function under(...prefixes: readonly string[]): PermissionLeaf[] {
  return PERMISSION_LEAVES.filter((leaf) =>
    prefixes.some((prefix) => leaf === prefix || leaf.startsWith(`${prefix}.`)),
  );
}

interface Template {
  readonly description: string;
  readonly leaves: () => readonly PermissionLeaf[];
}

const TEMPLATES: Record<PermissionTemplateName, Template> = {
  full_access: {
    description: 'Everything that the account may do',
    leaves: () => PERMISSION_LEAVES,
  },
  external_customer: {
    description: 'Use existing containers: see them, start, stop and restart them, read their logs',
    leaves: () => [
      'containers.read',
      'containers.actions.start',
      'containers.actions.stop',
      'containers.actions.restart',
      'containers.actions.logs',
      'containers.features.hoody_kit',
      'projects.read',
      'resources.events',
      'resources.auth_token_public_profile',
    ],
  },
  dev_team: {
    description:
      'Build and run: containers, projects and what belongs to them; no money, no tokens, no vault',
    leaves: () => [
      ...under('containers'),
      'projects.create',
      'projects.read',
      'projects.update',
      'financial.server_rental.view_marketplace',
      'resources.events',
      'resources.ssh_keys',
      'resources.storage_shares',
      'resources.proxy_aliases',
      'resources.firewalls',
      'resources.realms',
      'resources.auth_token_public_profile',
      'resources.read_account',
    ],
  },
  finance_team: {
    description: 'Wallet, billing and rentals; containers and projects to read only',
    leaves: () => [...under('financial'), 'containers.read', 'projects.read', 'resources.read_account'],
  },
  read_only: {
    description: 'See everything, change nothing',
    leaves: () => [
      'containers.read',
      'containers.actions.logs',
      'projects.read',
      'financial.wallet.read',
      'financial.billing.read',
      'financial.server_rental.view_marketplace',
      'resources.events',
      'resources.realms',
      'resources.read_account',
    ],
  },
};

/** The resolved tree of a template. */
export function templateTree(name: PermissionTemplateName): FullPermissionTree {
  return permissionTree(TEMPLATES[name].leaves());
}

/** A template as clients are shown it. */
export interface PermissionTemplate {
  readonly name: string;
  readonly description: string;
  readonly permissions: FullPermissionTree;
}

/** All templates with their resolved trees, in the contract's order. */
export function permissionTemplates(): PermissionTemplate[] {
  return Object.entries(TEMPLATES).map(([name, { description, leaves }]) => ({
    name,
    description,
    permissions: permissionTree(leaves()),
  }));
}
