const bucketsSeconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Labels = Readonly<Record<string, string>>;
type Histogram = { readonly counts: number[]; sum: number; count: number };

/** Counters, gauges and histograms in the Prometheus text format (version 0.0.4). */
export class Metrics {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();
  readonly #gauges: (() => {
    name: string;
    help: string;
    samples: readonly { labels: Labels; value: number }[];
  })[] = [];

  /** Adds one to a counter. */
  count(name: string, labels: Labels): void {
    const series = entry(this.#counters, name, () => new Map<string, number>());
    const key = formatLabels(labels);
    series.set(key, (series.get(key) ?? 0) + 1);
  }

  /** Records a duration in seconds. */
  observe(name: string, labels: Labels, seconds: number): void {
    const series = entry(this.#histograms, name, () => new Map<string, Histogram>());
    const histogram = entry(series, formatLabels(labels), () => ({
      counts: bucketsSeconds.map(() => 0),
      sum: 0,
      count: 0,
    }));
    histogram.sum += seconds;
    histogram.count += 1;
    bucketsSeconds.forEach((bound, index) => {
      if (seconds <= bound) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
    });
  }

  /** Registers a value that is read when metrics are asked for. */
  gauge(name: string, help: string, read: () => readonly { labels: Labels; value: number }[]): void {
    this.#gauges.push(() => ({ name, help, samples: read() }));
  }

  /** Everything as text. */
  render(): string {
    const lines: string[] = [];
    for (const [name, series] of this.#counters) {
      lines.push(`# TYPE ${name} counter`);
      for (const [labels, value] of series) lines.push(`${name}${wrap(labels)} ${value}`);
    }
    for (const [name, series] of this.#histograms) {
      lines.push(`# TYPE ${name} histogram`);
      for (const [labels, histogram] of series) {
        const prefix = labels === '' ? '' : `${labels},`;
        bucketsSeconds.forEach((bound, index) => {
          lines.push(`${name}_bucket{${prefix}le="${bound}"} ${histogram.counts[index] ?? 0}`);
        });
        lines.push(`${name}_bucket{${prefix}le="+Inf"} ${histogram.count}`);
        lines.push(
          `${name}_sum${wrap(labels)} ${histogram.sum}`,
          `${name}_count${wrap(labels)} ${histogram.count}`,
        );
      }
    }
    for (const read of this.#gauges) {
      const { name, help, samples } = read();
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
      for (const { labels, value } of samples) lines.push(`${name}${wrap(formatLabels(labels))} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`)
    .join(',');
}

function wrap(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}
