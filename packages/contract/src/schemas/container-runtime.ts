/** What runs inside a container: the answer to the `runtime` query parameter, and how to ask for it. */
import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { FreeObject, ObjectId, Timestamp } from './scalars.ts';

export const RUNTIME_SECTIONS = ['displays', 'services', 'network_services', 'terminals'] as const;
export type RuntimeSection = (typeof RUNTIME_SECTIONS)[number];

/**
 * `true`, `false` or a JSON object that names sections; read as the list of wanted sections, empty for
 * `false`. An object that names none of the known sections (such as `{}`) asks for all of them.
 */
export const RuntimeQuery = lazy(() =>
  z
    .string()
    .max(2000)
    .transform((text, context): RuntimeSection[] => {
      if (text === 'false') return [];
      if (text === 'true') return [...RUNTIME_SECTIONS];
      const selector = readObject(text);
      if (selector === undefined) {
        context.addIssue({ code: 'custom', message: 'must be true, false or a JSON object of sections' });
        return z.NEVER;
      }
      const named = RUNTIME_SECTIONS.filter((section) => Object.hasOwn(selector, section));
      if (named.length === 0) return [...RUNTIME_SECTIONS];
      return named.filter((section) => selector[section] !== false);
    })
    .pipe(z.array(z.enum(RUNTIME_SECTIONS))),
);

function readObject(text: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const Window = lazy(() =>
  z.object({
    id: z.number(),
    title: z.string().optional(),
    pid: z.number().optional(),
    size: z.object({ width: z.number().optional(), height: z.number().optional() }).optional(),
    position: z.object({ x: z.number().optional(), y: z.number().optional() }).optional(),
    state: z.array(z.string()).optional(),
    focused: z.boolean().optional(),
    fullscreen: z.boolean().optional(),
    'class-instance': z.array(z.string()).optional(),
    role: z.string().optional(),
    group_leader_xid: z.string().optional(),
    command: z.string().optional(),
  }),
);

const Display = lazy(() =>
  z.object({
    display: z.number().optional(),
    pid: z.number().optional(),
    session_name: z.string().optional(),
    user: z.string().optional(),
    project_id: ObjectId().optional(),
    container_id: ObjectId().optional(),
    start_time: Timestamp().optional(),
    connected_clients: z.number().optional(),
    last_activity_timestamp: z.string().optional(),
    latency: z.union([FreeObject(), z.number(), z.null()]).optional(),
    windows: z.array(Window()).optional(),
    screenshots: z.array(FreeObject()).optional(),
  }),
);

const Service = lazy(() =>
  z.object({
    name: z.string().optional(),
    status: z.string().optional(),
    pid: z.number().optional(),
    unit: z.string().optional(),
    load: z.string().optional(),
    active: z.string().optional(),
    sub: z.string().optional(),
    description: z.string().optional(),
    since: z.string().optional(),
    memory: z.string().nullable().optional(),
    cpu_usage: z.string().nullable().optional(),
    tasks: z.number().nullable().optional(),
    restart_count: z.number().nullable().optional(),
    last_restart: z.string().nullable().optional(),
    enabled: z.boolean().nullable().optional(),
    vendor_preset: z.string().nullable().optional(),
    main_pid: z.number().nullable().optional(),
    control_group: z.string().nullable().optional(),
    drop_in: z.string().nullable().optional(),
    loaded: z.string().nullable().optional(),
    docs: z.string().nullable().optional(),
    fragment_path: z.string().nullable().optional(),
  }),
);

const NetworkService = lazy(() =>
  z.object({
    protocol: z.string().optional(),
    port: z.number().optional(),
    ip: z.string().optional(),
    pid: z.number().optional(),
    user: z.string().optional(),
    program: z.string().optional(),
    path: z.string().optional(),
    args: z.string().optional(),
  }),
);

/** Times of a terminal are Unix seconds. */
const Terminal = lazy(() =>
  z.object({
    id: ObjectId(),
    display: z.number().optional(),
    username: z.string().optional(),
    created_at: z.number().optional(),
    created_at_formatted: z.string().optional(),
    last_activity: z.number().optional(),
    last_activity_formatted: z.string().optional(),
    command_history: z.array(z.string()).optional(),
  }),
);

export const ContainerRuntimeInfo = lazy(() =>
  z.object({
    displays: z.array(Display()).optional(),
    services: z.array(Service()).optional(),
    network_services: z.array(NetworkService()).optional(),
    terminals: z.array(Terminal()).optional(),
  }),
);
