/**
 * Turns what came over the wire into a route's typed input, or into the one error that tells what is
 * wrong with it.
 */
import type * as z from 'zod';
import { type ApiError, type ErrorCode, type Result, ok } from './errors.ts';
import type { RouteDefinition, RouteInput } from './route.ts';

type Place = 'params' | 'query' | 'body';
type Issue = z.core.$ZodIssue;

/** Issues that are told to the client; a body can have as many as it has fields. */
const ISSUES_TOLD_MAX = 50;

/** An entry of the error's `data`. `instancePath` is a JSON pointer (RFC 6901) into the refused part. */
export interface ValidationIssue {
  readonly instancePath: string;
  readonly message: string;
}

/** The parts of a request before they are checked. `body` is undefined when none was sent. */
export interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * Checks a request against its route: path, then query, then body; the first part that fails is told.
 * Codes: VALIDATION_ERROR (for a body the route's `bodyError`), unless every issue has the same code of its own (`fieldErrors` of the route,
 * INVALID_ID_FORMAT for ids in the path, MISSING_REQUIRED_FIELD where the route lists it);
 * IMMUTABLE_FIELD wins over all. `data` is an array of {@link ValidationIssue}.
 */
export function parseInput<R extends RouteDefinition>(route: R, raw: RawInput): Result<RouteInput<R>> {
  const params = part(route, 'params', route.params, raw.params);
  if (!params.ok) return params;
  const query = part(route, 'query', route.query, raw.query);
  if (!query.ok) return query;
  const sent = raw.body === undefined && route.bodyOptional === true ? {} : raw.body;
  const body = route.body === undefined ? ok(undefined) : part(route, 'body', route.body, sent);
  if (!body.ok) return body;
  // The three values come from the route's own schemas, which RouteInput<R> is inferred from.
  return ok({ params: params.value, query: query.value, body: body.value } as unknown as RouteInput<R>);
}

function part(
  route: RouteDefinition,
  place: Place,
  schema: (() => z.ZodType) | undefined,
  value: unknown,
): Result<unknown> {
  if (schema === undefined) return ok({});
  if (place === 'body' && value === undefined) {
    const code = route.bodyError ?? 'VALIDATION_ERROR';
    return { ok: false, error: { code, message: 'a JSON body is required', data: [] } };
  }
  const parsed = schema().safeParse(value);
  return parsed.success
    ? ok(parsed.data)
    : { ok: false, error: inputError(route, place, value, parsed.error.issues) };
}

function inputError(
  route: RouteDefinition,
  place: Place,
  value: unknown,
  issues: readonly Issue[],
): ApiError {
  const immutable = place === 'body' ? immutableFields(route, issues) : [];
  if (immutable.length > 0) {
    return {
      code: 'IMMUTABLE_FIELD',
      message: `${immutable.join(', ')} can't be changed`,
      data: immutable.map((field) => ({ instancePath: `/${field}`, message: "can't be changed" })),
    };
  }
  const told = issues.flatMap(describe).slice(0, ISSUES_TOLD_MAX);
  const codes = new Set(issues.map((issue) => issueCode(route, place, value, issue)));
  const [only] = codes;
  return {
    code: codes.size === 1 && only !== undefined ? only : generalCode(route, place),
    message: summary(told),
    data: told,
  };
}

function generalCode(route: RouteDefinition, place: Place): ErrorCode {
  return (place === 'body' ? route.bodyError : undefined) ?? 'VALIDATION_ERROR';
}

function immutableFields(route: RouteDefinition, issues: readonly Issue[]): string[] {
  const known = route.immutableFields ?? [];
  return issues
    .flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : []))
    .filter((key) => known.includes(key));
}

function issueCode(route: RouteDefinition, place: Place, value: unknown, issue: Issue): ErrorCode {
  const field = issue.path[0];
  if (field === undefined) return generalCode(route, place);
  const name = String(field);
  if (
    issue.code === 'invalid_type' &&
    route.errors.includes('MISSING_REQUIRED_FIELD') &&
    issue.path.length === 1 &&
    isMissing(value, name)
  ) {
    return 'MISSING_REQUIRED_FIELD';
  }
  const own = route.fieldErrors?.[`${place}.${name}`];
  if (own !== undefined) return own;
  return place === 'params' && /^(?:id|\w+Id)$/.test(name) ? 'INVALID_ID_FORMAT' : generalCode(route, place);
}

function isMissing(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && !Object.hasOwn(value, name);
}

function describe(issue: Issue): ValidationIssue[] {
  const at = pointer(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      instancePath: `${at}${pointer([key])}`,
      message: 'is not a known field',
    }));
  }
  // A refused key of a record hides the reason one level deeper.
  const reason = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
  return [{ instancePath: at, message: reason.message }];
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function summary(issues: readonly ValidationIssue[]): string {
  const [first] = issues;
  if (first === undefined) return 'the request is not valid';
  const field = first.instancePath.slice(1).replaceAll('/', '.');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${field === '' ? '' : `${field}: `}${first.message}${more}`;
}
