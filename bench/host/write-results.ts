import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release as kernelRelease } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../scripts/stack/repository-root.ts';
import { median, quantile } from '../statistics.ts';
import { measuredOperations, type MeasuredOperation } from './contender.ts';
import type { CheckpointSamples } from './measure-checkpoints.ts';
import type { Samples, StepSamples } from './measure-contenders.ts';

/** At most this share of LXD's time, for the daemon. */
const targets: Readonly<Record<MeasuredOperation, number | null>> = {
  'create + start': 0.5,
  exec: 1,
  pause: 1,
  resume: 1,
  snapshot: 0.5,
  copy: 0.5,
  kill: 1,
  restore: 0.5,
  start: null,
  delete: 0.5,
};
const criuRatioMax = 1.3;
const heading = '# Beside LXD';

export interface ImageSection {
  readonly image: string;
  readonly rounds: number;
  readonly rows: readonly string[];
  readonly profile: readonly string[];
}

/** Rows of a table: operation, each contender's time, the daemon's share of LXD's, the aim. */
export function comparisonRows(samples: Samples): string[] {
  const [lxd, daemon] = [...samples.values()];
  return measuredOperations.flatMap((operation) => {
    const columns = [...samples.values()].map((each) => spread(each.get(operation)));
    const [theirs, ours] = [lxd?.get(operation), daemon?.get(operation)];
    if (theirs === undefined || ours === undefined) return [];
    const ratio = median(ours) / median(theirs);
    const target = targets[operation];
    const verdict = target === null ? 'stated' : `≤ ${target}: ${ratio <= target ? 'met' : '**missed**'}`;
    return [`| ${operation} | ${columns.join(' | ')} | ${ratio.toFixed(2)} | ${verdict} |`];
  });
}

/** Where the daemon's time goes in what misses its aim: its steps by their medians, the rest is journal and link. */
export function profileRows(samples: Samples, steps: StepSamples): string[] {
  const [lxd, daemon] = [...samples.values()];
  return measuredOperations.flatMap((operation) => {
    const [theirs, ours] = [lxd?.get(operation), daemon?.get(operation)];
    const target = targets[operation];
    if (theirs === undefined || ours === undefined || target === null) return [];
    if (median(ours) <= target * median(theirs)) return [];
    const parts = [...(steps.get(operation) ?? [])]
      .map(([name, durations]) => ({ name, typical: median(durations) }))
      .filter(({ typical }) => typical >= 0.5);
    const rest = median(ours) - parts.reduce((sum, { typical }) => sum + typical, 0);
    const told = parts.map(({ name, typical }) => `${name} ${typical.toFixed(1)}`);
    return [`- ${operation}: ${[...told, `journal and link ${Math.max(0, rest).toFixed(1)}`].join(', ')}`];
  });
}

/** Writes the section of bench/results.md that begins with {@link heading}; what stands before it is kept. */
export function writeHostResults(
  names: readonly string[],
  sections: readonly ImageSection[],
  checkpoints: CheckpointSamples | undefined,
): void {
  const file = join(REPOSITORY_ROOT, 'bench/results.md');
  const before = existsSync(file)
    ? (readFileSync(file, 'utf8').split(`${heading}\n`)[0] ?? '').trimEnd()
    : '';
  const tables = sections.map(
    ({ image, rounds, rows, profile }) => `## ${image}, ${rounds} rounds

| | ${names.join(' | ')} | daemon ÷ LXD | aim |
| --- | ${names.map(() => '---').join(' | ')} | --- | --- |
${rows.join('\n')}${profile.length === 0 ? '' : `\n\nWhat missed its aim, by the daemon’s steps:\n\n${profile.join('\n')}`}`,
  );
  const text = `${heading}

\`npm run bench:host\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Linux ${kernelRelease()},
load ${(loadavg()[0] ?? 0).toFixed(1)} at its end. Milliseconds: median (10th–90th percentile), all in one run, taking turns round by round, on
btrfs on loop files, of the same image trees. LXD is asked through REST on its unix socket and runs privileged
machines, its fastest way; ours are unprivileged. The daemon is asked through its link and journals each step; exec
goes through its local socket. The full API has router, workers and objects before it. Restore is of a stopped machine;
a copy is made of the snapshot, on btrfs of the same host, and is left stopped but by the full API, which starts it.

${tables.join('\n\n')}

${checkpointText(checkpoints)}`;
  writeFileSync(file, `${before}\n\n${text}\n`);
  process.stdout.write(`${text}\n`);
}

function checkpointText(samples: CheckpointSamples | undefined): string {
  if (samples === undefined) return 'There was no CRIU to be measured.';
  const row = (what: string, { step, criu }: CheckpointSamples['dump']): string => {
    const ratio = median(step.map((each, round) => each / (criu[round] ?? Number.NaN)));
    const verdict = `≤ ${criuRatioMax}: ${ratio <= criuRatioMax ? 'met' : '**missed**'}`;
    return `| ${what} | ${spread(step)} | ${spread(criu)} | ${ratio.toFixed(2)} | ${verdict} |`;
  };
  return `## Memory, busybox with 16 MiB resident, ${samples.dump.step.length} rounds

| | daemon’s step | CRIU alone | ratio | aim |
| --- | --- | --- | --- | --- |
${row('dump', samples.dump)}
${row('restore', samples.restore)}`;
}

function spread(samples: readonly number[] | undefined): string {
  if (samples === undefined || samples.length === 0) return '–';
  const digits = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
  return `${digits(median(samples))} (${digits(quantile(samples, 0.1))}–${digits(quantile(samples, 0.9))})`;
}
