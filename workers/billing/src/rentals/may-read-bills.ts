import { grantsLeaf, type Principal } from '@control-plane/auth';

/** Whether a caller sees what things cost them: tokens only with `financial.billing.read`. */
export function mayReadBills({ grant }: Pick<Principal, 'grant'>): boolean {
  return grant === null || grantsLeaf(grant.permissions, 'financial.billing.read');
}
