import * as z from 'zod';
import { lazy } from '../lazy.ts';
import { FreeObject, Timestamp } from './scalars.ts';

/** What the server sees of its caller. `ip_info` is null when nothing is known about the address. */
export const IpInfo = lazy(() =>
  z.object({
    ip: z.string(),
    user_agent: z.string(),
    headers: FreeObject(),
    referer: z.string(),
    timestamp: Timestamp(),
    is_logged: z.boolean(),
    protocol: z.string(),
    ip_info: z
      .object({
        ip: z.string().optional(),
        hostname: z.string().optional(),
        city: z.string().optional(),
        region: z.string().optional(),
        country: z.string().optional(),
        loc: z.string().optional(),
        postal: z.string().optional(),
        timezone: z.string().optional(),
        asn: FreeObject().optional(),
        is_anycast: z.boolean().optional(),
        is_mobile: z.boolean().optional(),
        is_anonymous: z.boolean().optional(),
        is_satellite: z.boolean().optional(),
        is_hosting: z.boolean().optional(),
      })
      .nullable(),
  }),
);
