import { fail, ok, type Result } from '@control-plane/contract/errors';

const PASSWORD_LENGTH_MIN = 12;
const PASSWORD_LENGTH_MAX = 128;

const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];
const CLASSES_MIN = 3;

/**
 * The rule for new passwords: 12 to 128 characters with at least three of lower case, upper case, digits
 * and others. Login does not apply it, so that a stricter rule never locks anyone out.
 */
export function checkPasswordPolicy(password: string): Result<void> {
  const refuse = (message: string) =>
    fail('VALIDATION_ERROR', message, { data: [{ instancePath: '/password', message }] });
  if (password.length < PASSWORD_LENGTH_MIN || password.length > PASSWORD_LENGTH_MAX) {
    return refuse(`Password must have ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`);
  }
  if (CLASSES.filter((pattern) => pattern.test(password)).length < CLASSES_MIN) {
    return refuse('Password must have at least three of: lower case, upper case, digits, other characters');
  }
  return ok(undefined);
}
