import { PERMISSION_LEAVES } from '@control-plane/contract/permissions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permissionTemplates, templateTree } from './permission-templates.ts';
import {
  clampTree,
  grantedLeaves,
  grantsLeaf,
  isSubset,
  permissionTree,
  withoutLeaves,
} from './permission-tree.ts';

const leaves = fc.subarray([...PERMISSION_LEAVES]);

describe('grantsLeaf', () => {
  it.each([
    [{ containers: { read: true } }, true],
    [{ containers: { read: false } }, false],
    [{ containers: { read: 'true' } }, false],
    [{ containers: { read: 1 } }, false],
    [{ containers: true }, false],
    [{ containers: {} }, false],
    [{}, false],
    [null, false],
    ['containers.read', false],
    [JSON.parse('{"__proto__": {"containers": {"read": true}}}'), false],
    [Object.create({ containers: { read: true } }), false],
  ])('%j grants containers.read: %s', (tree, granted) => {
    expect(grantsLeaf(tree, 'containers.read')).toBe(granted);
  });
});

describe('trees, by property', () => {
  it('hold exactly the leaves they were made of, and survive JSON', () => {
    fc.assert(
      fc.property(leaves, (granted) => {
        const tree: unknown = JSON.parse(JSON.stringify(permissionTree(granted)));
        expect(grantedLeaves(tree)).toEqual(PERMISSION_LEAVES.filter((leaf) => granted.includes(leaf)));
      }),
    );
  });

  it('clamp to the intersection, whatever rubbish the child holds', () => {
    fc.assert(
      fc.property(fc.oneof(leaves.map(permissionTree), fc.object()), leaves, (child, parent) => {
        const clamped = clampTree(child, permissionTree(parent));
        expect(isSubset(clamped, permissionTree(parent))).toBe(true);
        expect(isSubset(clamped, child)).toBe(true);
        const both = grantedLeaves(child).filter((leaf) => parent.includes(leaf));
        expect(grantedLeaves(clamped)).toEqual(both);
      }),
    );
  });

  it('lose the leaves taken away and no other', () => {
    fc.assert(
      fc.property(leaves, leaves, (granted, removed) => {
        const rest = grantedLeaves(withoutLeaves(permissionTree(granted), removed));
        expect(rest).toEqual(
          PERMISSION_LEAVES.filter((leaf) => granted.includes(leaf) && !removed.includes(leaf)),
        );
      }),
    );
  });
});

describe('templates', () => {
  it('are the five of the contract, each complete and none empty', () => {
    const templates = permissionTemplates();
    expect(templates.map(({ name }) => name)).toEqual([
      'full_access',
      'external_customer',
      'dev_team',
      'finance_team',
      'read_only',
    ]);
    for (const { permissions } of templates) expect(grantedLeaves(permissions).length).toBeGreaterThan(0);
    expect(grantedLeaves(templateTree('full_access'))).toEqual([...PERMISSION_LEAVES]);
  });

  it('keep token making, vault and administration to full access', () => {
    const guarded = PERMISSION_LEAVES.filter(
      (leaf) => leaf.startsWith('admin.') || leaf === 'resources.create_tokens' || leaf === 'resources.vault',
    );
    for (const { name, permissions } of permissionTemplates().slice(1)) {
      for (const leaf of guarded)
        expect([name, leaf, grantsLeaf(permissions, leaf)]).toEqual([name, leaf, false]);
    }
  });

  it('let read_only change nothing', () => {
    const changing =
      /create|update|delete|start|stop|exec|invite|remove|change|transfer|withdraw|manage|rent_|extend|terminate/;
    expect(grantedLeaves(templateTree('read_only')).filter((leaf) => changing.test(leaf))).toEqual([]);
  });
});
