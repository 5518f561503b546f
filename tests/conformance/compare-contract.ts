/**
 * Names every way in which a served API departs from the compatible contract: what clients may send must
 * be accepted, and what they were promised must come back. Additions are no departure; neither is it that
 * unknown body fields are refused, which is so for every route on purpose.
 */
import { compareSchemas } from './compare-schemas.ts';
import { type OpenApi, type Operation, listOf, operationsOf, readDocument } from './openapi-document.ts';

/** Tags of the contract that are compared. */
export const CONFORMANCE_TAGS: readonly string[] = [
  'activity',
  'authentication',
  'authTokens',
  'containers',
  'env',
  'images',
  'meta',
  'projects',
  'realms',
  'rentals',
  'serverRental',
  'tfa',
  'users',
  'utilities',
  'wallet',
];

/** `at`: where in the operation, for example `query.page:type` or `response.200.data.id:missing`. */
export interface Difference {
  readonly operationId: string;
  readonly at: string;
  readonly detail: string;
}

/**
 * Every difference between two OpenAPI documents for the operations of the given tags of the first.
 *
 * @param contract the document that clients were written against
 * @param served the document of the API, built or fetched
 */
export function compareContract(
  contract: unknown,
  served: unknown,
  tags: readonly string[] = CONFORMANCE_TAGS,
): Difference[] {
  const wanted = readDocument(contract);
  const given = readDocument(served);
  const offered = operationsOf(given);
  return [...operationsOf(wanted)].flatMap(([key, operation]) => {
    if (!operation.tags.some((tag) => tags.includes(tag))) return [];
    const { operationId } = operation;
    const ours = offered.get(key);
    if (ours === undefined) return [{ operationId, at: 'operation', detail: `${key} is not served` }];
    const twin = operation['x-twin-of'];
    const found =
      twin === undefined
        ? compareOperation(wanted, operation, given, ours)
        : compareTwin(key, twin, offered, ours);
    return [
      ...(ours.operationId === operationId
        ? []
        : [{ at: 'operationId', detail: `served as ${ours.operationId}` }]),
      ...unique(found),
    ].map((difference) => ({ operationId, ...difference }));
  });
}

type Found = Omit<Difference, 'operationId'>;

/** The branches of a union can tell the same twice. */
function unique(found: readonly Found[]): Found[] {
  return [...new Map(found.map((difference) => [difference.at, difference])).values()];
}

/** A twin is compared through its PUT, from which it must not differ. */
function compareTwin(
  key: string,
  twin: string,
  offered: ReadonlyMap<string, Operation>,
  ours: Operation,
): Found[] {
  const put = offered.get(key.replace(/^PATCH /, 'PUT '));
  const facts = (operation: Operation | undefined): string =>
    JSON.stringify([
      operation?.parameters,
      operation?.requestBody,
      operation?.responses,
      operation?.security,
    ]);
  return facts(put) === facts(ours) ? [] : [{ at: 'twin', detail: `differs from ${twin}` }];
}

function compareOperation(wanted: OpenApi, operation: Operation, given: OpenApi, ours: Operation): Found[] {
  return [
    ...compareAuth(operation.security ?? wanted.security, ours.security ?? given.security),
    ...comparePermissions(operation, ours),
    ...compareParameters(wanted, operation, given, ours),
    ...compareBodies(wanted, operation, given, ours),
    ...compareResponses(wanted, operation, given, ours),
  ];
}

type Security = OpenApi['security'];

function compareAuth(wanted: Security, ours: Security): Found[] {
  const names = (security: Security): string[] =>
    security.length === 0 ? [''] : security.map((entry) => Object.keys(entry).toSorted().join('+'));
  const offered = names(ours);
  const missing = names(wanted).filter((name) => !offered.includes(name));
  const found: Found[] = missing.map((name) => ({
    at: 'auth',
    detail: name === '' ? 'a credential is demanded' : `${name} is not accepted`,
  }));
  if (!names(wanted).includes('') && offered.includes(''))
    found.push({ at: 'auth:open', detail: 'no credential is demanded' });
  return found;
}

function comparePermissions(operation: Operation, ours: Operation): Found[] {
  const offered = ours['x-token-permission'].map(({ leaf }) => leaf);
  return operation['x-token-permission']
    .filter(({ leaf }) => !offered.includes(leaf))
    .map(({ leaf }) => ({ at: `permission.${leaf}`, detail: 'another leaf, or none, is demanded' }));
}

function compareParameters(wanted: OpenApi, operation: Operation, given: OpenApi, ours: Operation): Found[] {
  const compared = operation.parameters.flatMap((parameter) => {
    const at = `${parameter.in}.${parameter.name}`;
    const own = ours.parameters.find(
      ({ name, in: place }) => name === parameter.name && place === parameter.in,
    );
    if (own === undefined) return [{ at: `${at}:unknown`, detail: 'the parameter is not known' }];
    const stricter = own.required && !parameter.required;
    return [
      ...(stricter ? [{ at: `${at}:required`, detail: 'the parameter is demanded' }] : []),
      ...compareDefaults(parameter.schema['default'], own.schema['default'], at),
      ...compareSchemas(
        { document: wanted, schema: parameter.schema },
        { document: given, schema: own.schema },
        at,
        false,
      ),
    ];
  });
  const known = new Set(operation.parameters.map(({ name, in: place }) => `${place}.${name}`));
  const demanded = ours.parameters.filter(
    ({ name, in: place, required }) => required && !known.has(`${place}.${name}`),
  );
  return [
    ...compared,
    ...demanded.map(({ name, in: place }) => ({
      at: `${place}.${name}:required`,
      detail: 'the parameter is demanded',
    })),
  ];
}

function compareDefaults(wanted: unknown, ours: unknown, at: string): Found[] {
  if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(ours)) return [];
  return [{ at: `${at}:default`, detail: `${JSON.stringify(ours)} instead of ${JSON.stringify(wanted)}` }];
}

const JSON_TYPE = 'application/json';

function compareBodies(wanted: OpenApi, operation: Operation, given: OpenApi, ours: Operation): Found[] {
  const body = operation.requestBody;
  const own = ours.requestBody;
  if (body === undefined) {
    return own?.required === true ? [{ at: 'request:required', detail: 'a body is demanded' }] : [];
  }
  if (own === undefined) return [{ at: 'request:unknown', detail: 'no body is read' }];
  return [
    ...(own.required && !body.required ? [{ at: 'request:required', detail: 'a body is demanded' }] : []),
    ...compareSchemas(
      { document: wanted, schema: body.content[JSON_TYPE]?.schema },
      { document: given, schema: own.content[JSON_TYPE]?.schema },
      'request',
      false,
    ),
  ];
}

function compareResponses(wanted: OpenApi, operation: Operation, given: OpenApi, ours: Operation): Found[] {
  return Object.entries(operation.responses).flatMap(([status, response]): Found[] => {
    const at = `response.${status}`;
    const own = ours.responses[status];
    if (!status.startsWith('2')) {
      const codes = listOf(own?.['x-error-codes']);
      return response['x-error-codes']
        .filter((code) => !codes.includes(code))
        .map((code) => ({ at: `${at}.${code}`, detail: 'the code is not answered' }));
    }
    if (own === undefined) return [{ at, detail: 'the status is not answered' }];
    return Object.entries(response.content).flatMap(([type, media]) => {
      const schema = own.content[type]?.schema;
      if (schema === undefined) return [{ at: `${at}:content`, detail: `${type} is not answered` }];
      return compareSchemas(
        { document: given, schema },
        { document: wanted, schema: media.schema },
        at,
        true,
      );
    });
  });
}
