import type { Operation } from '../../operation.ts';
import { getDocs } from './get-docs.ts';
import { getOpenApi } from './get-openapi.ts';

/** The API's description of itself: as data and as a page. */
export const documentationOperations: readonly Operation[] = [getOpenApi, getDocs];
