import * as z from 'zod';

const Report = z.looseObject({ success: z.boolean(), testResults: z.array(z.unknown()) });

/**
 * Makes one of vitest's JSON reports out of several: numbers are added up, what one calls a failure is one. Throws
 * when a text is no report.
 */
export function mergeReports(texts: readonly string[]): string {
  const reports = texts.map((text) => Report.parse(JSON.parse(text)));
  const merged: Record<string, unknown> = {};
  for (const report of reports) {
    for (const [name, value] of Object.entries(report)) {
      const before = merged[name];
      const isCount = name.startsWith('num') && typeof value === 'number' && typeof before === 'number';
      merged[name] = isCount ? before + value : (before ?? value);
    }
  }
  return JSON.stringify({
    ...merged,
    success: reports.every(({ success }) => success),
    testResults: reports.flatMap(({ testResults }) => testResults),
  });
}
