/**
 * Whether an account exists must not show in how long an answer takes. Time itself is noise on a shared
 * machine; what makes it is not: password hashes computed, and statements sent to the database.
 */
import { randomObjectId } from '@control-plane/serving';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forgotPassword } from './forgot-password.ts';
import { login } from './login.ts';
import { resendVerification } from './resend-verification.ts';
import { signup } from './signup.ts';
import { freshPassword, openStage, type Call, type Stage } from './test-context.ts';
import { verifyEmail } from './verify-email.ts';
import type { Operation } from '../../operation.ts';

const work = vi.hoisted(() => ({ hashes: 0, statements: 0 }));
vi.mock(import('node:crypto'), async (importOriginal) => {
  const original = await importOriginal();
  const scrypt = ((...all: Parameters<typeof original.scrypt>) => {
    work.hashes += 1;
    original.scrypt(...all);
  }) as typeof original.scrypt;
  return { ...original, scrypt };
});

let stage: Stage;
let drawn = 0;
const address = () => `198.51.100.${(drawn += 1)}`;

/** Counts what is sent to the database: each statement, alone or in a batch. */
function countStatements(target: Stage): void {
  const { $client: client } = target.database as unknown as {
    $client: {
      execute: (...all: unknown[]) => Promise<unknown>;
      batch: (all: unknown[], mode: unknown) => Promise<unknown>;
    };
  };
  const execute = client.execute.bind(client);
  const batch = client.batch.bind(client);
  client.execute = (...all) => {
    work.statements += 1;
    return execute(...all);
  };
  client.batch = (all, mode) => {
    work.statements += all.length;
    return batch(all, mode);
  };
}

/** Work done until the answer; what goes on behind it is not the asker's to see. */
async function workOf(operation: Operation, call: Call): Promise<{ hashes: number; statements: number }> {
  let answered: typeof work | undefined;
  work.hashes = 0;
  work.statements = 0;
  await stage.call(
    {
      ...operation,
      handle: async (input, context) => {
        const deferred: Promise<unknown>[] = [];
        const result = await operation.handle(input, {
          ...context,
          waitUntil: (later) => void deferred.push(later),
        });
        answered = { ...work };
        deferred.forEach((later) => context.waitUntil(later));
        return result;
      },
    },
    { clientAddress: address(), ...call },
  );
  if (answered === undefined) throw new Error('the operation was not reached');
  return answered;
}

async function signedUp(): Promise<{ email: string; password: string }> {
  const person = { email: `p-${randomObjectId()}@example.test`, password: freshPassword() };
  await stage.call(signup, { body: person, clientAddress: address() });
  return person;
}
async function verified() {
  const person = await signedUp();
  const mail = stage.mails.findLast(({ to }) => to === person.email);
  await stage.call(verifyEmail, { body: { token: mail?.token }, clientAddress: address() });
  return person;
}
const nobody = () => ({ email: `nobody-${randomObjectId()}@example.test` });

beforeAll(async () => {
  stage = await openStage();
  countStatements(stage);
});
afterAll(() => stage.dispose());

describe('the work behind an answer is the same for somebody and for nobody', () => {
  it('at login with a wrong password', async () => {
    const attempt = (email: string) => workOf(login, { body: { email, password: 'Wrong password 1' } });
    const known = await attempt((await verified()).email);
    expect(known.hashes).toBe(1);
    expect(await attempt((await signedUp()).email)).toEqual(known);
    expect(await attempt(nobody().email)).toEqual(known);
  });

  it('at signup', async () => {
    const attempt = (email: string) => workOf(signup, { body: { email, password: freshPassword() } });
    const fresh = await attempt(nobody().email);
    expect(fresh.hashes).toBe(1);
    expect(await attempt((await signedUp()).email)).toEqual(fresh);
    expect(await attempt((await verified()).email)).toEqual(fresh);
  });

  it('at forgot-password and resend-verification', async () => {
    for (const operation of [forgotPassword, resendVerification]) {
      const attempt = (email: string) => workOf(operation, { body: { email } });
      const unknown = await attempt(nobody().email);
      expect(unknown.hashes).toBe(0);
      expect(await attempt((await signedUp()).email)).toEqual(unknown);
      expect(await attempt((await verified()).email)).toEqual(unknown);
    }
  });
});
