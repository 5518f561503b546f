import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { API_OBJECTS, COMPATIBILITY_DATE } from './worker-runtime.ts';

const configuration = (path: string): string => readFileSync(join(REPOSITORY_ROOT, path), 'utf8');

describe('the local stack runs what would be deployed', () => {
  it('with the same compatibility date', () => {
    for (const path of ['wrangler.toml', 'workers/api/wrangler.toml', 'workers/billing/wrangler.toml']) {
      expect(configuration(path)).toContain(`compatibility_date = "${COMPATIBILITY_DATE}"`);
    }
  });

  it('with the same object classes, locally and in production', () => {
    const text = configuration('workers/api/wrangler.toml');
    for (const [binding, className] of Object.entries(API_OBJECTS)) {
      expect(text.split(`{ name = "${binding}", class_name = "${className}" }`)).toHaveLength(3);
      expect(text.match(new RegExp(`new_sqlite_classes = .*"${className}"`, 'g'))).toHaveLength(2);
    }
  });
});
