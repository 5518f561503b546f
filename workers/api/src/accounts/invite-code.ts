import { hashSecret } from '@control-plane/auth';

/** The hash under which an invite code is kept; capitals and blanks around it make no difference. */
export function inviteCodeHash(code: string): string {
  return hashSecret(code.trim().toUpperCase());
}
