import { expect, it } from 'vitest';
import { bridgeRules } from './rules.ts';

it('the rules replace the table in one transaction and pair each address with its hardware address', () => {
  const text = bridgeRules('table_a', 'bridge0', { first: 10 * 2 ** 24, prefix: 29 });
  expect(text.startsWith('table inet table_a\ndelete table inet table_a\ntable inet table_a {')).toBe(true);
  expect(text).toContain('10.0.0.2 . 0a:c0:0a:00:00:02, 10.0.0.3 . 0a:c0:0a:00:00:03');
  expect(text).toContain('ip saddr 10.0.0.0/29 oifname != "bridge0" masquerade');
  expect(text).toContain('iifname "bridge0" oifname "bridge0" drop');
});
