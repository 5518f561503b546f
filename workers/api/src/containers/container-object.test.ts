import { describe, expect, it } from 'vitest';
import type { AuthenticatedContext } from '../context.ts';
import { containerObject } from './load-container.ts';

/** A context whose container object breaks for the first `failures` askings, and what was asked of it. */
function contextWith(failures: number): { context: AuthenticatedContext; asked: unknown[] } {
  const asked: unknown[] = [];
  const object = {
    command: async (input: unknown) => {
      asked.push(input);
      if (asked.length <= failures) throw new Error('the object was reset');
      return { kind: 'finished' };
    },
  };
  const context = {
    env: { CONTAINERS: { idFromName: (name: string) => name, get: () => object } },
    log: { warn: () => {} },
  } as unknown as AuthenticatedContext;
  return { context, asked };
}

const input = {
  operationId: 'a'.repeat(32),
  actor: { userId: null, tokenId: null },
  requestId: 'r',
  waitMs: 1000,
  command: 'stop' as const,
  parameters: {},
};

describe('containerObject', () => {
  it('asks once more, with the same operation id, when the object is reset while it is waited for', async () => {
    const { context, asked } = contextWith(1);
    await expect(containerObject(context, 'b'.repeat(24)).command(input)).resolves.toMatchObject({
      kind: 'finished',
    });
    expect(asked).toEqual([input, input]);
  });

  it('does not ask for ever', async () => {
    const { context, asked } = contextWith(9);
    await expect(containerObject(context, 'b'.repeat(24)).command(input)).rejects.toThrow('reset');
    expect(asked).toHaveLength(2);
  });
});
