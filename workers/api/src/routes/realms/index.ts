import type { Operation } from '../../operation.ts';
import { listRealmsOperation } from './list-realms.ts';

/** Operations of the tag `realms`. */
export const realmOperations: readonly Operation[] = [listRealmsOperation];
