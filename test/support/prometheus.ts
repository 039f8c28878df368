/** A page of metrics as Prometheus reads it. */
export interface Scrape {
  text: string;
  /** By name, as in `# TYPE`. */
  types: Map<string, string>;
  /** Names that have a `# HELP`. */
  helped: Set<string>;
  /** Names of all series: of a histogram `_bucket`, `_sum` and `_count`. */
  names: Set<string>;
  /** The value of the one series of this name that has these labels; undefined where there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export async function scrape(address: string): Promise<Scrape> {
  const answer = await fetch(`http://${address}/metrics`);
  return read(await answer.text());
}

function read(text: string): Scrape {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: { name: string; labels: Record<string, string>; value: number }[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') types.set(name, rest);
    else if (kind === 'HELP' && rest) helped.add(name);
    else if (!kind) {
      const [, series, labels = '', value] = SAMPLE.exec(line) ?? [];
      if (!series) throw new Error(`Prometheus cannot read this line: ${line}`);
      samples.push({
        name: series,
        labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
        value: Number(value),
      });
    }
  }
  return {
    text,
    types,
    helped,
    names: new Set(samples.map(({ name }) => name)),
    value(name, labels = {}) {
      const fits = samples.filter(
        (each) =>
          each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      );
      if (fits.length > 1) throw new Error(`${fits.length} series ${name} have ${JSON.stringify(labels)}`);
      return fits[0]?.value;
    },
  };
}
