/**
 * One entry of the route table: the single source of an operation's method, path, schemas, permission
 * leaf, success status and errors. Routing, validation, authorisation, OpenAPI and the conformance test
 * all read it; nothing states any of it a second time.
 */
import type * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import type { PermissionLeaf } from './permissions.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call. `public`: anyone (a credential, if sent and valid, is known to the handler). `bearer`: a
 * JWT, an auth token or Basic. `jwt`: a first-party JWT only. `auth-token`: an `hdy_` token only.
 * `refresh`: the handler reads the refresh token itself. `active-or-banned`: as `bearer`, and banned
 * users may call as well. `temp-token`: the handler reads the one-time token of a sign-in under way from
 * the Authorization header; `body-or-temp-token`: from the body as well. `device-cookie`: the handler reads the cookie of a device's approval itself.
 */
export type RouteAuth =
  | 'public'
  | 'bearer'
  | 'jwt'
  | 'auth-token'
  | 'refresh'
  | 'active-or-banned'
  | 'temp-token'
  | 'body-or-temp-token'
  | 'device-cookie';

export interface RouteDefinition {
  /** `tag.verbNoun`, unique. */
  readonly operationId: string;
  readonly method: HttpMethod;
  /** OpenAPI template, for example `/api/v1/containers/{id}`. Lists keep the trailing slash of the contract. */
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly auth: RouteAuth;
  /** The leaf that an auth token needs; a function when the path decides. Absent: any token may call. */
  readonly permission?: PermissionLeaf | ((params: Record<string, string>) => PermissionLeaf | undefined);
  readonly params?: () => z.ZodObject;
  readonly query?: () => z.ZodObject;
  readonly body?: () => z.ZodType;
  /** True when the body may be left out (then it is read as `{}`). */
  readonly bodyOptional?: boolean;
  /** The body comes from an HTML form of ours (application/x-www-form-urlencoded) instead of as JSON. */
  readonly formBody?: boolean;
  /** The first is the usual one; the others have the same body. 302: a redirect, without a body. */
  readonly success: readonly [number, ...number[]];
  /** Shape of the envelope's `data`; absent: `data` is null. */
  readonly data?: () => z.ZodType;
  /** Keys that stand beside `data` in the envelope. */
  readonly extra?: () => z.ZodRawShape;
  /** Set when the answer is no JSON envelope. */
  readonly contentType?: string;
  readonly errors: readonly ErrorCode[];
  /** A PUT that answers PATCH as well, under `<operationId>.patch`. */
  readonly patchTwin?: boolean;
  /** Known fields that a body can't change; sending one is IMMUTABLE_FIELD instead of an unknown field. */
  readonly immutableFields?: readonly string[];
  /**
   * The code of a malformed field where it isn't VALIDATION_ERROR, by `params.name`, `query.name` or
   * `body.name` (first level of the body). Malformed ids in the path have INVALID_ID_FORMAT anyway.
   */
  readonly fieldErrors?: Readonly<Record<string, ErrorCode>>;
  /** The code of a body that its schema refuses where it isn't VALIDATION_ERROR. */
  readonly bodyError?: ErrorCode;
  /** Honours `Prefer: respond-async`: answers 202 with the operation and its URL in `Location`. */
  readonly asynchronous?: boolean;
  /** Not part of the compatible contract but an addition of ours. */
  readonly extension?: boolean;
}

/** Keeps the literal types of a definition, so that handlers know their input. */
export function defineRoute<const R extends RouteDefinition>(route: R): R {
  return route;
}

type Output<S, Fallback> = S extends () => infer Z
  ? Z extends z.ZodType
    ? z.output<Z>
    : Fallback
  : Fallback;

/** The parsed input that the handler of a route gets. */
export interface RouteInput<R extends RouteDefinition> {
  readonly params: Output<R['params'], Record<string, never>>;
  readonly query: Output<R['query'], Record<string, never>>;
  readonly body: Output<R['body'], undefined>;
}

/** What the handler of a route gives as `data`. */
export type RouteData<R extends RouteDefinition> = R['data'] extends () => infer Z
  ? Z extends z.ZodType
    ? z.input<Z>
    : null
  : null;
