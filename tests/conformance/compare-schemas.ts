/** Whether everything that one schema allows is allowed by another, and where not. */
import { type OpenApi, type Schema, alternatives, asSchema, listOf } from './openapi-document.ts';

/** Something that `inner` allows and `outer` doesn't. `at` is a path that ends in the keyword. */
export interface SchemaDifference {
  readonly at: string;
  readonly detail: string;
}

export interface Side {
  readonly document: OpenApi;
  readonly schema: unknown;
}

const DEPTH_MAX = 12;

/**
 * Differences by which `inner` is not within `outer`.
 *
 * @param complete also name each property of `outer` that `inner` doesn't have (an answer must hold every
 * field that clients were promised, though a schema could leave it out).
 */
export function compareSchemas(
  inner: Side,
  outer: Side,
  at: string,
  complete: boolean,
  depth = 0,
): SchemaDifference[] {
  if (depth > DEPTH_MAX) return [];
  const offered = alternatives(outer.document, outer.schema);
  return alternatives(inner.document, inner.schema).flatMap((one) => {
    const candidates = offered.filter((other) => typeFits(one, other));
    if (candidates.length === 0) {
      return [
        { at: `${at}:type`, detail: `${typeName(one)} is not within ${offered.map(typeName).join(' | ')}` },
      ];
    }
    const attempts = candidates.map((other) => compareOne(one, other, inner, outer, at, complete, depth));
    return attempts.toSorted((first, second) => first.length - second.length)[0] ?? [];
  });
}

function typeName(schema: Schema): string {
  return typeof schema['type'] === 'string' ? schema['type'] : 'anything';
}

function typeFits(inner: Schema, outer: Schema): boolean {
  if (outer['type'] === undefined || inner['type'] === outer['type']) return true;
  return inner['type'] === 'integer' && outer['type'] === 'number';
}

function compareOne(
  inner: Schema,
  outer: Schema,
  innerSide: Side,
  outerSide: Side,
  at: string,
  complete: boolean,
  depth: number,
): SchemaDifference[] {
  const nested = (one: unknown, other: unknown, where: string): SchemaDifference[] =>
    compareSchemas(
      { document: innerSide.document, schema: one },
      { document: outerSide.document, schema: other },
      where,
      complete,
      depth + 1,
    );
  const differences = [...compareEnums(inner, outer, at), ...compareBounds(inner, outer, at)];
  if (outer['type'] === 'object') {
    differences.push(...compareObjects(inner, outer, at, complete, nested));
  }
  // Null has no entries, whatever its entries would have to be.
  if (outer['items'] !== undefined && inner['type'] !== 'null') {
    differences.push(...nested(inner['items'], outer['items'], `${at}[]`));
  }
  return differences;
}

type Nested = (inner: unknown, outer: unknown, at: string) => SchemaDifference[];

function compareObjects(
  inner: Schema,
  outer: Schema,
  at: string,
  complete: boolean,
  nested: Nested,
): SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  const innerFields = asSchema(inner['properties']);
  const outerFields = asSchema(outer['properties']);
  const rest = outer['additionalProperties'];
  for (const [name, field] of Object.entries(innerFields)) {
    const where = `${at}.${name}`;
    if (Object.hasOwn(outerFields, name)) differences.push(...nested(field, outerFields[name], where));
    else if (rest === false) differences.push({ at: `${where}:unknown`, detail: 'the field is not known' });
    else if (isObject(rest)) differences.push(...nested(field, rest, where));
  }
  const innerRest = inner['additionalProperties'];
  if (isObject(innerRest) && isObject(rest)) differences.push(...nested(innerRest, rest, `${at}.*`));
  else if (isObject(innerRest) && rest === false) {
    differences.push({ at: `${at}.*:unknown`, detail: 'free keys are not allowed' });
  }
  if (isObject(outer['propertyNames'])) {
    differences.push(
      ...nested(
        { type: 'string', ...asSchema(inner['propertyNames']) },
        outer['propertyNames'],
        `${at}.*key`,
      ),
    );
  }
  const given = listOf(inner['required']);
  for (const name of listOf(outer['required'])) {
    if (!given.includes(name)) {
      differences.push({
        at: `${at}.${String(name)}:required`,
        detail: 'optional on one side, required on the other',
      });
    }
  }
  if (complete) {
    for (const name of Object.keys(outerFields)) {
      if (!Object.hasOwn(innerFields, name)) {
        differences.push({ at: `${at}.${name}:missing`, detail: 'the field is not there' });
      }
    }
  }
  return differences;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function compareEnums(inner: Schema, outer: Schema, at: string): SchemaDifference[] {
  const allowed = outer['enum'] ?? (outer['const'] === undefined ? undefined : [outer['const']]);
  if (allowed === undefined || inner['type'] === 'null') return [];
  const given = listOf(inner['enum'] ?? (inner['const'] === undefined ? undefined : [inner['const']]));
  if (given.length === 0)
    return [{ at: `${at}:enum`, detail: `any ${typeName(inner)} is not within a list of values` }];
  const left = given.filter((value) => !listOf(allowed).includes(value));
  return left.length === 0 ? [] : [{ at: `${at}:enum`, detail: `not allowed: ${left.join(', ')}` }];
}

const LOWER_BOUNDS = ['minLength', 'minimum', 'exclusiveMinimum', 'minItems', 'minProperties'] as const;
const UPPER_BOUNDS = ['maxLength', 'maximum', 'exclusiveMaximum', 'maxItems', 'maxProperties'] as const;

function compareBounds(inner: Schema, outer: Schema, at: string): SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  // A value out of a list is judged by the list, and null by nothing but its type.
  if (inner['enum'] !== undefined || inner['type'] === 'null') return differences;
  const tell = (keyword: string): void => {
    differences.push({
      at: `${at}:${keyword}`,
      detail: `${String(inner[keyword] ?? 'none')} is not within ${String(outer[keyword])}`,
    });
  };
  for (const keyword of LOWER_BOUNDS) {
    const bound = outer[keyword];
    const own = inner[keyword];
    if (
      typeof bound === 'number' &&
      !(typeof own === 'number' && own >= bound) &&
      !isNoBound(keyword, bound)
    ) {
      tell(keyword);
    }
  }
  for (const keyword of UPPER_BOUNDS) {
    const bound = outer[keyword];
    const own = inner[keyword];
    if (typeof bound === 'number' && !(typeof own === 'number' && own <= bound)) tell(keyword);
  }
  for (const keyword of ['pattern', 'format'] as const) {
    if (outer[keyword] !== undefined && !samePattern(outer[keyword], inner[keyword])) tell(keyword);
  }
  return differences;
}

function isNoBound(keyword: string, bound: number): boolean {
  return bound <= 0 && (keyword === 'minLength' || keyword === 'minItems' || keyword === 'minProperties');
}

/** The same set of characters written in another order is the same pattern. */
function samePattern(one: unknown, other: unknown): boolean {
  const normal = (value: unknown): string => String(value).replaceAll('0-9-_', '0-9_-');
  return other !== undefined && normal(one) === normal(other);
}
