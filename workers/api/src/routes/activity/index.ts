import type { Operation } from '../../operation.ts';
import { getActivityStats } from './get-activity-stats.ts';
import { listActivity } from './list-activity.ts';

/** Every operation of the tag `activity`. */
export const activityOperations: readonly Operation[] = [listActivity, getActivityStats];
