/** The description that we build keeps the promises of the contract that clients were written against. */
import { readFile } from 'node:fs/promises';
import { buildOpenApi } from '@control-plane/contract/openapi';
import { ROUTES } from '@control-plane/contract/routes';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Difference, compareContract } from './compare-contract.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { operationsOf, readDocument } from './openapi-document.ts';
import { SERVED_OPERATIONS } from './served-operations.ts';

const CONTRACT = new URL('../../../shared/contract/api.json', import.meta.url);

const served: unknown = JSON.parse(
  JSON.stringify(buildOpenApi(ROUTES, { serverUrl: 'https://api.example.com', version: '0.0.0' })),
);

async function readContract(): Promise<unknown> {
  try {
    return JSON.parse(await readFile(CONTRACT, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const key = ({ operationId, at }: Pick<Difference, 'operationId' | 'at'>): string => `${operationId} ${at}`;

const listed = KNOWN_DIFFERENCES.flatMap(({ at, operationIds }) =>
  operationIds.flatMap((operationId) => at.map((place) => key({ operationId, at: place }))),
);

describe('conformance with the compatible contract', () => {
  let contract: unknown;
  beforeAll(async () => {
    contract = await readContract();
    if (contract === undefined) {
      console.warn('the full contract is not at hand: only the embedded list of operations is compared');
    }
  });

  it('serves every operation of the embedded list under its id and status', () => {
    const operations = operationsOf(readDocument(served));
    const found = SERVED_OPERATIONS.map(([method, path, , status]) => {
      const operation = operations.get(`${method} ${path}`);
      const answers = operation !== undefined && Object.hasOwn(operation.responses, String(status));
      return [method, path, operation?.operationId, answers ? status : undefined];
    });
    expect(found).toEqual(SERVED_OPERATIONS);
  });

  it('departs from the contract only where that is reviewed', () => {
    if (contract === undefined) return;
    const unlisted = compareContract(contract, served).filter(
      (difference) => !listed.includes(key(difference)),
    );
    expect(unlisted).toEqual([]);
  });

  it('lists no departure that is not there', () => {
    if (contract === undefined) return;
    const found = new Set(compareContract(contract, served).map(key));
    expect(listed.filter((entry) => !found.has(entry))).toEqual([]);
  });

  it('lists each departure once and with a reason', () => {
    expect(new Set(listed).size).toBe(listed.length);
    expect(KNOWN_DIFFERENCES.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});
