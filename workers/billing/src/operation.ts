import { operationBinder, type Operation as ServedOperation } from '@control-plane/serving';
import type { Env } from './env.ts';

/** A route together with the code of this worker that serves it. */
export type Operation = ServedOperation<Env>;

/** Binds a handler to its entry of the route table. */
export const operation = operationBinder<Env>();
