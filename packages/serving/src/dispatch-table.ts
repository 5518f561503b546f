import type { RouteDefinition } from '@control-plane/contract';
import type { ServingEnv } from './env.ts';
import type { Operation } from './operation.ts';

export type Match<Env extends ServingEnv> =
  | { readonly kind: 'found'; readonly operation: Operation<Env>; readonly params: Record<string, string> }
  | { readonly kind: 'wrong_method'; readonly allowed: string[] }
  | { readonly kind: 'missing' };

interface Pattern<Env extends ServingEnv> {
  /** A fixed segment, or the name of a parameter. */
  readonly segments: readonly ({ readonly fixed: string } | { readonly parameter: string })[];
  readonly operation: Operation<Env>;
}

/**
 * Finds the operation of a method and path. List paths match with and without their trailing slash. The
 * templates are grouped by method and number of segments, so that a look-up compares a handful of them.
 */
export class DispatchTable<Env extends ServingEnv> {
  readonly #patterns = new Map<string, Pattern<Env>[]>();
  readonly #methods = new Set<string>();

  constructor(operations: readonly Operation<Env>[]) {
    // A fixed segment wins over a parameter: `/containers/{id}/snapshots` over `/containers/{id}/{operation}`.
    // Compared by code unit: a locale's order would put `{` before the letters.
    const ordered = operations.toSorted((a, b) => (specificity(a.route) < specificity(b.route) ? -1 : 1));
    for (const operation of ordered) {
      const { method, path, patchTwin } = operation.route;
      const segments = segmentsOf(path).map((segment) =>
        segment.startsWith('{') ? { parameter: segment.slice(1, -1) } : { fixed: segment },
      );
      for (const each of patchTwin === true ? [method, 'PATCH'] : [method]) {
        const key = `${each} ${segments.length}`;
        const group = this.#patterns.get(key) ?? [];
        this.#patterns.set(key, group);
        group.push({ segments, operation });
        this.#methods.add(each);
      }
    }
  }

  find(method: string, path: string): Match<Env> {
    const given = segmentsOf(path);
    const found = this.#match(method, given);
    if (found !== null) return found;
    const allowed = [...this.#methods].filter((other) => this.#match(other, given) !== null);
    return allowed.length > 0 ? { kind: 'wrong_method', allowed } : { kind: 'missing' };
  }

  #match(method: string, given: readonly string[]): Extract<Match<Env>, { kind: 'found' }> | null {
    for (const { segments, operation } of this.#patterns.get(`${method} ${given.length}`) ?? []) {
      const params: Record<string, string> = {};
      const matches = segments.every((segment, index) => {
        const value = given[index] ?? '';
        if ('fixed' in segment) return segment.fixed === value;
        params[segment.parameter] = decode(value);
        return value !== '';
      });
      if (matches) return { kind: 'found', operation, params };
    }
    return null;
  }
}

function specificity({ path }: RouteDefinition): string {
  // '{' sorts after every character of a fixed segment.
  return path.replace(/\{\w+\}/g, '{');
}

/** The segments of a path, without the empty one that a trailing slash makes. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/');
  if (segments.length > 2 && segments.at(-1) === '') segments.pop();
  return segments;
}

/** A malformed escape stays as it is: no schema takes a percent sign. */
function decode(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
