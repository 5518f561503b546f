import { randomObjectId } from '@control-plane/serving';
import {
  generateSigningKey,
  parseSigningKeys,
  verifyClaim,
  type PublicKeyDocument,
} from '@control-plane/signing';
import { schema } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callOperation, type Caller } from '../operation-test-bed.ts';
import { getPublicKey } from '../meta/get-public-key.ts';
import { authorizeContainerOperation } from './authorize-container.ts';
import { claimLifetime } from './claim-subject.ts';
import { issueIdentityClaimOperation } from './issue-identity-claim.ts';

const [OWNER, READER, EDITOR, STRANGER, PROJECT, CONTAINER, REALM] = ['a', 'b', 'c', 'd', '1', '2', '3'].map(
  (digit) => digit.repeat(24),
) as [string, string, string, string, string, string, string];
const now = () => Math.floor(Date.now() / 1000);

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  const { database } = temporary;
  const times = { createdAt: 1, updatedAt: 1 };
  for (const id of [OWNER, READER, EDITOR, STRANGER]) {
    const names = { email: `${id}@example.test`, username: id, passwordHash: 'unusable' };
    await database.insert(schema.users).values({ id, ...names, ...times });
  }
  await database
    .insert(schema.projects)
    .values({ id: PROJECT, userId: OWNER, alias: 'p', color: '#FFF', ...times });
  for (const [userId, level] of [
    [READER, 'read'],
    [EDITOR, 'edit'],
  ] as const) {
    await database
      .insert(schema.projectPermissions)
      .values({ id: randomObjectId(), projectId: PROJECT, userId, level, ...times });
  }
  await database.insert(schema.containers).values({
    id: CONTAINER,
    projectId: PROJECT,
    userId: OWNER,
    serverId: '5'.repeat(24),
    name: 'c',
    status: 'running',
    version: 1,
    incarnation: 1,
    recordJson: JSON.stringify({ id: CONTAINER, projectId: PROJECT, userId: OWNER }),
    ...times,
  });
});
afterAll(() => temporary.dispose());

/** A key as the configuration holds it; `retired` keeps its public half only. */
type Key = Awaited<ReturnType<typeof generateSigningKey>>;
const configuration = (active: Key, complete: readonly Key[], retired: readonly Key[] = []) =>
  JSON.stringify({
    active_kid: active.kid,
    keys: [...complete, ...retired.map(({ kid, public_hex }) => ({ kid, public_hex }))],
  });

const authorize = (SIGNING_KEYS: string, caller: Caller = { userId: OWNER }) =>
  callOperation(
    authorizeContainerOperation,
    temporary.database,
    caller,
    { params: { id: CONTAINER } },
    { SIGNING_KEYS },
  );
const identify = (SIGNING_KEYS: string, body: object = { audience: 'app' }) =>
  callOperation(
    issueIdentityClaimOperation,
    temporary.database,
    { userId: OWNER },
    { body },
    { SIGNING_KEYS },
  );

interface Claim {
  kid: string;
  payload_b64: string;
  signature_hex: string;
}
function claimOf(body: unknown, name: string): Claim {
  return Reflect.get(Object(body), name);
}
/** What a verifier knows who fetched the public keys under a configuration. */
async function published(SIGNING_KEYS: string) {
  const answer = await callOperation(
    getPublicKey,
    temporary.database,
    { userId: OWNER },
    {},
    { SIGNING_KEYS },
  );
  const document = answer.body as PublicKeyDocument;
  return document.keys.map(({ kid, public_key_hex: publicHex }) => ({ kid, publicHex }));
}

describe('a container claim', () => {
  it('names caller, container and project, lives six hours, and verifies', async () => {
    const key = await generateSigningKey();
    const text = configuration(key, [key]);
    const answer = await authorize(text);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        expires_in: 21_600,
        container_id: CONTAINER,
        project_id: PROJECT,
        container_claim: { kid: key.kid },
      },
    });
    const verdict = await verifyClaim(await published(text), claimOf(answer.body, 'container_claim'), now());
    expect(verdict).toMatchObject({
      ok: true,
      value: {
        claim_type: 'container',
        iss: 'hoody-api',
        sub: OWNER,
        username: 'user',
        type: 'user',
        containerId: CONTAINER,
        projectId: PROJECT,
        kid: key.kid,
      },
    });
    expect(verdict.ok && verdict.value.exp - verdict.value.iat).toBe(21_600);
  });

  it('is for whoever may change the container; to others it is missing or refused', async () => {
    const key = await generateSigningKey();
    const text = configuration(key, [key]);
    expect((await authorize(text, { userId: EDITOR })).status).toBe(200);
    expect(await authorize(text, { userId: READER })).toMatchObject({
      status: 403,
      body: { code: 'INSUFFICIENT_PERMISSIONS' },
    });
    for (const caller of [{ userId: STRANGER }, { userId: OWNER, realmId: REALM }]) {
      expect(await authorize(text, caller)).toMatchObject({
        status: 404,
        body: { code: 'CONTAINER_NOT_FOUND' },
      });
    }
  });
});

describe('an identity claim', () => {
  it.each([
    [undefined, 3600],
    [60, 60],
    [86_400, 86_400],
  ])('asked for %s seconds lives %s', async (expires_in, expected) => {
    const key = await generateSigningKey();
    const text = configuration(key, [key]);
    const answer = await identify(text, {
      audience: 'https://app.example',
      ...(expires_in && { expires_in }),
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { expires_in: expected, audience: 'https://app.example' },
    });
    const verdict = await verifyClaim(await published(text), claimOf(answer.body, 'identity_claim'), now());
    expect(verdict).toMatchObject({
      ok: true,
      value: { claim_type: 'identity', aud: 'https://app.example', sub: OWNER },
    });
  });

  it.each([
    [{}],
    [{ audience: '' }],
    [{ audience: 'a b' }],
    [{ audience: 'a"b' }],
    [{ audience: 'ä' }],
    [{ audience: 'a'.repeat(257) }],
    [{ audience: 'app', expires_in: 59 }],
    [{ audience: 'app', expires_in: 86_401 }],
    [{ audience: 'app', expires_in: 61.5 }],
    [{ audience: 'app', sub: STRANGER }],
  ])('is refused for %j', async (body) => {
    expect(await identify('', body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('is issued to nobody on behalf of another', async () => {
    const key = await generateSigningKey();
    const caller = { userId: OWNER, impersonatedBy: STRANGER };
    const answer = await callOperation(
      issueIdentityClaimOperation,
      temporary.database,
      caller,
      { body: { audience: 'app' } },
      { SIGNING_KEYS: configuration(key, [key]) },
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'INSUFFICIENT_PERMISSIONS' } });
  });

  it('never outlives the session, nor a day', () => {
    expect(claimLifetime(3600, null, 1000)).toBe(3600);
    expect(claimLifetime(999_999, null, 1000)).toBe(86_400);
    expect(claimLifetime(3600, 1_500_999, 1000)).toBe(500);
    expect(claimLifetime(60, 1_010_000, 1000)).toBe(10);
    expect(claimLifetime(60, 1_000_000, 1000)).toBe(1);
  });
});

describe('without a signing key', () => {
  it.each([[''], ['{'], ['{"active_kid":"x","keys":[]}']])('%j, claims are 503', async (text) => {
    for (const answer of [await authorize(text), await identify(text)]) {
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'SIGNING_NOT_CONFIGURED', error: 'SIGNING_NOT_CONFIGURED' },
      });
    }
  });

  it('containers that are hidden are missing all the same', async () => {
    expect(await authorize('', { userId: STRANGER })).toMatchObject({ status: 404 });
  });
});

describe('the rotation of keys', () => {
  it('has no moment in which a claim can not be verified, with keys fetched now or a step before', async () => {
    const [older, newer] = [await generateSigningKey(), await generateSigningKey()];
    // Publish, then sign with it, then retire the older one, whose public half stays for a claim's longest life.
    const steps = [
      configuration(older, [older]),
      configuration(older, [older, newer]),
      configuration(newer, [older, newer]),
      configuration(newer, [newer], [older]),
    ];
    const known: Awaited<ReturnType<typeof published>>[] = [];
    const claims: Claim[] = [];
    for (const [index, text] of steps.entries()) {
      known.push(await published(text));
      claims.push(
        claimOf((await authorize(text)).body, 'container_claim'),
        claimOf((await identify(text)).body, 'identity_claim'),
      );
      const verifiers = known.slice(Math.max(0, index - 1));
      for (const keys of verifiers) {
        const reachable = keys === known.at(-1) ? claims : claims.slice(-2);
        for (const claim of reachable) {
          expect(await verifyClaim(keys, claim, now()), `step ${index}`).toMatchObject({ ok: true });
        }
      }
    }
    expect(claims.map(({ kid }) => kid)).toEqual(
      [older, older, older, older, newer, newer, newer, newer].map(({ kid }) => kid),
    );
  });

  it('ends the claims of a key that is taken away', async () => {
    const [older, newer] = [await generateSigningKey(), await generateSigningKey()];
    const answer = await authorize(configuration(older, [older]));
    const keys = await parseSigningKeys(configuration(newer, [newer]));
    if (!keys.ok) throw new Error(keys.error);
    const claim = claimOf(answer.body, 'container_claim');
    expect(await verifyClaim(keys.value.keys, claim, now())).toEqual({ ok: false, error: 'unknown_key' });
  });
});
