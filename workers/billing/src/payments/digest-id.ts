import { createHash } from 'node:crypto';

/** An id (24 hex digits) that is always the same for the same text. */
export function digestId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
