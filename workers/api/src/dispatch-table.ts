import { TrieRouter } from 'hono/router/trie-router';
import type { RouteDefinition } from '@control-plane/contract';
import type { Operation } from './operation.ts';

export type Match =
  | { readonly kind: 'found'; readonly operation: Operation; readonly params: Record<string, string> }
  | { readonly kind: 'wrong_method'; readonly allowed: string[] }
  | { readonly kind: 'missing' };

/** Finds the operation of a method and path. List paths match with and without their trailing slash. */
export class DispatchTable {
  readonly #router = new TrieRouter<Operation>();
  readonly #methods = new Set<string>();

  constructor(operations: readonly Operation[]) {
    // A fixed segment wins over a parameter: `/containers/{id}/snapshots` over `/containers/{id}/{operation}`.
    // Compared by code unit: a locale's order would put `{` before the letters.
    const ordered = [...operations].sort((a, b) => (specificity(a.route) < specificity(b.route) ? -1 : 1));
    for (const operation of ordered) {
      const { method, path, patchTwin } = operation.route;
      const pattern = withoutTrailingSlash(path).replace(/\{(\w+)\}/g, ':$1');
      for (const each of patchTwin === true ? [method, 'PATCH'] : [method]) {
        this.#router.add(each, pattern, operation);
        this.#methods.add(each);
      }
    }
  }

  find(method: string, path: string): Match {
    const plain = withoutTrailingSlash(path);
    const found = this.#match(method, plain);
    if (found !== null) return found;
    const allowed = [...this.#methods].filter((other) => this.#match(other, plain) !== null);
    return allowed.length > 0 ? { kind: 'wrong_method', allowed } : { kind: 'missing' };
  }

  #match(method: string, path: string): Extract<Match, { kind: 'found' }> | null {
    const [matches] = this.#router.match(method, path);
    const first = matches[0];
    if (first === undefined) return null;
    const [operation, raw] = first;
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(raw)) params[name] = decode(String(value));
    return { kind: 'found', operation, params };
  }
}

function specificity({ path }: RouteDefinition): string {
  // '{' sorts after every character of a fixed segment.
  return path.replace(/\{\w+\}/g, '{');
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A malformed escape stays as it is: no schema takes a percent sign. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
