/** Leaf schemas of the host link's messages. */
import * as z from 'zod';
import { lazy } from './lazy.ts';

export const objectId = lazy(() => z.string().regex(/^[0-9a-f]{24}$/));
export const operationId = lazy(() => z.string().regex(/^[0-9a-f]{32}$/));
export const isoTime = lazy(() => z.iso.datetime());
export const count = lazy(() => z.number().int().nonnegative());
