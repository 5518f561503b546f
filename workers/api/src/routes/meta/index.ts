import type { Operation } from '../../operation.ts';
import { getPublicKey } from './get-public-key.ts';
import { getSocialStats } from './get-social-stats.ts';

/** Operations of the tag `meta`, apart from the documentation. */
export const metaOperations: readonly Operation[] = [getPublicKey, getSocialStats];
