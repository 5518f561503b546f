import type { Operation } from '../../operation.ts';
import { getIpInfo } from './get-ip-info.ts';

/** Operations of the tag `utilities`. */
export const utilityOperations: readonly Operation[] = [getIpInfo];
