/** The versioned document that says who may reach a container's URLs, as it is answered. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';

/** Secrets in it are never in clear: they were hashed or left out when it was stored. */
const AuthGroup = lazy(() =>
  z.object({
    type: z.enum(['jwt', 'password', 'ip', 'token', 'hoody-identity']).optional(),
    secret: z.string().optional(),
    algorithm: z.enum(['HS256', 'RS256', 'ES256', 'sha256']).optional(),
    sources: z.array(z.string()).optional(),
    claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    username: z.string().optional(),
    password: z.string().optional(),
    salt: z.string().optional(),
    range: z.string().optional(),
    header: z.string().optional(),
    cookie: z.string().optional(),
    param: z.string().optional(),
    value: z.string().optional(),
    audience: z.string().optional(),
    allow_types: z.array(z.enum(['user', 'admin'])).optional(),
    users: z.array(z.string()).optional(),
    max_age_seconds: z.number().int().optional(),
    expose_type: z.boolean().optional(),
  }),
);

/** All or nothing, one port or index, a list of them, a range `a-b`, or `*`. */
const AccessRule = lazy(() =>
  z.union([z.boolean(), z.number(), z.array(z.number()), z.string().regex(/^\d+-\d+$/), z.literal('*')]),
);

const HookMatch = lazy(() =>
  z.object({
    method: z.union([z.string(), z.array(z.string())]).optional(),
    path: z.string().max(257).optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
);

const HookScript = lazy(() =>
  z.object({ subdomain: z.string().optional(), execId: z.string().optional(), path: z.string() }),
);

/** `timeout` in milliseconds. */
const HookRule = lazy(() =>
  z.object({
    match: HookMatch(),
    script: HookScript(),
    timeout: z.number().int().min(1).max(30_000).optional(),
  }),
);

export const ProxyPermissionsDocument = lazy(() =>
  z.object({
    project: z.string().optional(),
    container: z.string().optional(),
    groups: z
      .record(z.string().regex(/^[A-Za-z0-9_-]{1,50}$/), z.union([AuthGroup(), z.array(AuthGroup())]))
      .optional(),
    permissions: z.record(z.string(), z.record(z.string(), AccessRule())).optional(),
    default: z.enum(['allow', 'deny']).optional(),
    enable_proxy: z.boolean().optional(),
    hooks: z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,49}$/), z.array(HookRule()).max(8)).optional(),
    schema_version: z.number().optional(),
    file_version: z.number().int().optional(),
    etag: z
      .string()
      .regex(/^file:v\d+$/)
      .optional(),
  }),
);
