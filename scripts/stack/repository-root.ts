import { resolve } from 'node:path';

/** Absolute path of the repository. */
export const REPOSITORY_ROOT = resolve(import.meta.dirname, '../..');
