import { hashSecret } from '@control-plane/auth';

/** An id (24 hex digits) that is always the same for the same text. */
export function digestId(text: string): string {
  return hashSecret(text).slice(0, 24);
}
