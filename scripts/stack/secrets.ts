import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { newAuthToken, secureRandom } from '@control-plane/auth';
import { generateSigningKey } from '@control-plane/signing';
import * as z from 'zod';
import { writePrivateFile } from './data-directory.ts';

const StackSecrets = z.object({
  /** Text of the workers' secret of the same name; the same for the next two. */
  jwt_keys: z.string().min(1),
  signing_keys: z.string().min(1),
  /** Text of ENCRYPTION_KEY. A stack that was made before there was one gets it at its next start. */
  encryption_key: z.string().regex(/^[0-9a-f]{64}$/),
  database_token: z.string().min(1),
  operator_password: z.string().min(1),
  operator_token: z.string().min(1),
  user_passwords: z.array(z.string()).length(3),
  stripe_webhook_secret: z.string().min(1),
  nowpayments_ipn_secret: z.string().min(1),
});
/** Everything secret that a local stack makes for itself, once. */
export type StackSecrets = z.infer<typeof StackSecrets>;

/** A password of all four classes with 120 random bits. */
function newPassword(): string {
  return `Aa1!${randomBytes(15).toString('base64url')}`;
}

function newEncryptionKey(): string {
  return randomBytes(32).toString('hex');
}

async function newSecrets(): Promise<StackSecrets> {
  const [jwtKey, signingKey] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  const jwtKeys = { active_kid: jwtKey.kid, keys: [{ kid: jwtKey.kid, jwk: jwtKey.private_jwk }] };
  return {
    jwt_keys: JSON.stringify(jwtKeys),
    signing_keys: JSON.stringify({ active_kid: signingKey.kid, keys: [signingKey] }),
    encryption_key: newEncryptionKey(),
    database_token: randomBytes(32).toString('hex'),
    operator_password: newPassword(),
    operator_token: newAuthToken({ random: secureRandom }).text,
    user_passwords: [newPassword(), newPassword(), newPassword()],
    stripe_webhook_secret: `whsec_${randomBytes(24).toString('base64url')}`,
    nowpayments_ipn_secret: randomBytes(24).toString('base64url'),
  };
}

/**
 * Reads the secrets, or makes and keeps them (mode 0600).
 *
 * @throws Error when the file is there but unusable: it is never replaced, because accounts hang on it
 */
export async function loadSecrets(file: string): Promise<StackSecrets> {
  if (existsSync(file)) {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const parsed = StackSecrets.safeParse(content);
    if (parsed.success) return parsed.data;
    const older = StackSecrets.omit({ encryption_key: true }).safeParse(content);
    if (older.success && !Object.hasOwn(Object(content), 'encryption_key')) {
      return keep(file, { ...older.data, encryption_key: newEncryptionKey() });
    }
    throw new Error(`${file} is damaged; restore it, or begin anew with --fresh`);
  }
  return keep(file, await newSecrets());
}

function keep(file: string, secrets: StackSecrets): StackSecrets {
  writePrivateFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}
