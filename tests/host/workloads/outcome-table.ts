import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkloadResult } from './workload-run.ts';
import type { Workload } from './workloads.ts';

const page = path.join(import.meta.dirname, '../../../docs/checkpointing.md');
const [begin, end] = ['<!-- workloads: written by the run -->', '<!-- workloads: end -->'];

/** The table of docs/checkpointing.md: what was tried and how it ended, without times and process numbers. */
export function renderOutcomeTable(
  workloads: readonly Workload[],
  results: ReadonlyMap<string, WorkloadResult>,
): string {
  const rows = workloads.map(({ name, holds }) => [name, holds, describe(results.get(name))]);
  const header = ['work', 'what it holds', 'outcome'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The table as it stands in the page. */
export function readOutcomeTable(): string {
  return split(readFileSync(page, 'utf8')).table;
}

/** Puts a table in its place in the page. */
export function writeOutcomeTable(table: string): void {
  const { before, after } = split(readFileSync(page, 'utf8'));
  writeFileSync(page, `${before}\n\n${table}\n\n${after}`);
}

function split(text: string): { before: string; table: string; after: string } {
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new Error('docs/checkpointing.md has no place for the table.');
  return { before: text.slice(0, from), table: text.slice(from, to).trim(), after: text.slice(to) };
}

function describe(result: WorkloadResult | undefined): string {
  if (result === undefined) return 'not tried';
  if (result.outcome === 'restored') return 'restored';
  // The first sentence; which process it was differs from run to run.
  const [sentence = ''] = result.reason.split(/(?<=\.) (?=\S+ \(process)/);
  return `refused: ${sentence.replace(/ \(process \d+\)/g, '').replace(/\.$/, '')}`;
}
