import { describe, expect, it } from 'vitest';
import { CONTAINER_STATUSES } from './container-status.ts';
import { pageOffset, pagination, successEnvelope } from './envelope.ts';
import { ERRORS, errorBody, reasonPhrase } from './errors.ts';
import { CONTRACT_EVENT_TYPES, EVENT_RESOURCE_TYPES, EVENT_TYPES, EventRecord } from './events.ts';

describe('the envelope', () => {
  it('repeats the status and keeps extra keys beside data, without letting them replace its own', () => {
    expect(successEnvelope(201, 'Created', { id: 1 })).toEqual({
      statusCode: 201,
      message: 'Created',
      data: { id: 1 },
    });
    expect(successEnvelope(200, 'OK', [], { truncated: false, data: 'no' })).toEqual({
      statusCode: 200,
      message: 'OK',
      data: [],
      truncated: false,
    });
  });

  it('counts pages: a begun page is a page, an empty list has none', () => {
    expect(pagination(0, 1, 10)).toEqual({ total: 0, page: 1, limit: 10, totalPages: 0 });
    expect(pagination(11, 2, 10).totalPages).toBe(2);
    expect(pagination(20, 1, 10).totalPages).toBe(2);
    expect(pageOffset(1, 10)).toBe(0);
    expect(pageOffset(3, 10)).toBe(20);
  });
});

describe('the registry of errors', () => {
  it('has words for each status, and a body for each code', () => {
    for (const [code, { status, carrier }] of Object.entries(ERRORS)) {
      expect(reasonPhrase(status)).not.toMatch(/^HTTP/);
      const body = errorBody({ code: code as keyof typeof ERRORS, message: 'x' });
      expect(body.statusCode).toBe(status);
      expect(body.error).toBe(carrier === 'wire' ? body.code : reasonPhrase(status));
    }
  });

  it('spells a token alias that is taken as clients know it', () => {
    expect(errorBody({ code: 'DUPLICATE_TOKEN_ALIAS', message: 'taken' })).toEqual({
      statusCode: 400,
      error: 'DUPLICATE_ALIAS',
      code: 'DUPLICATE_ALIAS',
      message: 'taken',
    });
  });
});

describe('events', () => {
  it('has the 69 types and 12 resource types of the contract, each type once', () => {
    expect(CONTRACT_EVENT_TYPES).toHaveLength(69);
    expect(EVENT_RESOURCE_TYPES).toHaveLength(12);
    expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
  });

  it('has a type for each status that a container can come into', () => {
    for (const status of CONTAINER_STATUSES) expect(EVENT_TYPES).toContain(`container.${status}`);
  });

  it('refuses a record of an unknown type', () => {
    const id = 'ab'.repeat(12);
    const record = {
      id,
      event_type: 'container.paused',
      resource_type: 'container',
      resource_id: id,
      user_id: id,
      payload: { container_id: id },
      realm_ids: [],
      created_at: '2026-01-31T12:00:00.000Z',
    };
    expect(EventRecord().parse(record)).toEqual(record);
    expect(EventRecord().safeParse({ ...record, event_type: 'container.exploded' }).success).toBe(false);
  });
});
