import { expect, it } from 'vitest';
import { mergeReports } from './merge-reports.ts';

const report = (file: string, success: boolean): string =>
  JSON.stringify({ numTotalTests: 2, startTime: 7, success, testResults: [{ name: file }] });

it('several reports make one: counts are added up, one failure is a failure', () => {
  expect(JSON.parse(mergeReports([report('a', true), report('b', true)]))).toEqual({
    numTotalTests: 4,
    startTime: 7,
    success: true,
    testResults: [{ name: 'a' }, { name: 'b' }],
  });
  expect(JSON.parse(mergeReports([report('a', true), report('b', false)]))).toMatchObject({ success: false });
});

it('what is no report is not taken for one', () => {
  expect(() => mergeReports([report('a', true), ''])).toThrow();
  expect(() => mergeReports(['{}'])).toThrow();
});
