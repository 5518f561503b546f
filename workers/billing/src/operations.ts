import type { Operation } from './operation.ts';

/** Every route that this worker serves. */
export const OPERATIONS: readonly Operation[] = [];
