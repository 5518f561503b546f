import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newTransferReference, readTransferReference } from './transfer-reference.ts';

const bytes = fc.uint8Array({ minLength: 14, maxLength: 14 });

it('reads the example of ISO 11649 as people write it', () => {
  expect(readTransferReference('RF18 5390 0754 7034')).toBe('RF18539007547034');
  expect(readTransferReference('rf18539007547034')).toBe('RF18539007547034');
});

it('makes references that read back, with blanks and in lower case too', () => {
  fc.assert(
    fc.property(bytes, (random) => {
      const reference = newTransferReference(random);
      expect(reference).toMatch(/^RF\d{2}\d{14}$/);
      expect(readTransferReference(reference.toLowerCase().replace(/(.{4})/g, '$1 '))).toBe(reference);
    }),
  );
});

it('notices every wrong digit and every two that changed places', () => {
  fc.assert(
    fc.property(
      bytes,
      fc.integer({ min: 4, max: 16 }),
      fc.constantFrom(...'0123456789'),
      (random, at, digit) => {
        const reference = newTransferReference(random);
        const replaced = reference.slice(0, at) + digit + reference.slice(at + 1);
        if (replaced !== reference) expect(readTransferReference(replaced)).toBeNull();
        const [a = '', b = ''] = reference.slice(at, at + 2);
        const swapped = reference.slice(0, at) + b + a + reference.slice(at + 2);
        if (swapped !== reference) expect(readTransferReference(swapped)).toBeNull();
      },
    ),
  );
});

it.each(['', 'RF', 'RF18', 'RF18-5390', 'XX18539007547034', `RF18${'1'.repeat(22)}`, 'RF00000000000000'])(
  '%j is no reference',
  (text) => expect(readTransferReference(text)).toBeNull(),
);
