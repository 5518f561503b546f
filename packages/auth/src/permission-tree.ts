import { PERMISSION_LEAVES, type PermissionLeaf } from '@control-plane/contract/permissions';

/** The wire form of a token's permissions: nested objects whose leaves are booleans; absent means denied. */
export interface PermissionTree {
  readonly [segment: string]: boolean | PermissionTree | undefined;
}

type Head<Leaf extends string> = Leaf extends `${infer First}.${string}` ? First : Leaf;
type Rest<Segment extends string, Leaf extends string> = Leaf extends `${Segment}.${infer Tail}`
  ? Tail
  : never;
type TreeOf<Leaf extends string> = {
  [Segment in Head<Leaf>]: [Rest<Segment, Leaf>] extends [never] ? boolean : TreeOf<Rest<Segment, Leaf>>;
};

/** A tree in which each leaf of the registry is present; derived from the registry. */
export type FullPermissionTree = TreeOf<PermissionLeaf>;

interface MutableTree {
  [segment: string]: boolean | MutableTree;
}

/**
 * Whether `tree` grants `leaf`. Takes anything, stored JSON too: only an own `true` on the exact path is a
 * grant, whatever else stands there is a denial.
 */
export function grantsLeaf(tree: unknown, leaf: PermissionLeaf): boolean {
  let node: unknown = tree;
  for (const segment of leaf.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, segment)) return false;
    node = Reflect.get(node, segment);
  }
  return node === true;
}

/** The leaves that `tree` grants, in the registry's order. Names outside the registry grant nothing. */
export function grantedLeaves(tree: unknown): PermissionLeaf[] {
  return PERMISSION_LEAVES.filter((leaf) => grantsLeaf(tree, leaf));
}

/** A tree with each leaf of the registry present: `true` exactly for `granted`. */
export function permissionTree(granted: Iterable<PermissionLeaf>): FullPermissionTree {
  const wanted = new Set<PermissionLeaf>(granted);
  const tree: MutableTree = {};
  for (const leaf of PERMISSION_LEAVES) {
    const segments = leaf.split('.');
    const last = segments.pop() ?? leaf;
    let node = tree;
    for (const segment of segments) {
      const next = node[segment];
      if (typeof next === 'object') {
        node = next;
      } else {
        const made: MutableTree = {};
        node[segment] = made;
        node = made;
      }
    }
    node[last] = wanted.has(leaf);
  }
  // The loop has just set every leaf of the registry that the type is derived from.
  return tree as FullPermissionTree;
}

/** Whether each leaf that `child` grants is granted by `parent` too. */
export function isSubset(child: unknown, parent: unknown): boolean {
  return grantedLeaves(child).every((leaf) => grantsLeaf(parent, leaf));
}

/** `child` cut down to what `parent` grants; what a sub-token gets. */
export function clampTree(child: unknown, parent: unknown): FullPermissionTree {
  return permissionTree(grantedLeaves(child).filter((leaf) => grantsLeaf(parent, leaf)));
}

/** `tree` without the given leaves. */
export function withoutLeaves(tree: unknown, removed: readonly PermissionLeaf[]): FullPermissionTree {
  return permissionTree(grantedLeaves(tree).filter((leaf) => !removed.includes(leaf)));
}
