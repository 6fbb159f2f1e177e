/** Parses the Prometheus text format strictly: anything outside of the format throws. */

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Line[];
}

export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function readMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: Line[] }>();
  let name = '';
  let about = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-z_0-9]+) (.+)$/.exec(line);
    const type = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram)$/.exec(line);
    if (help !== null) [, name = '', about = ''] = help;
    else if (type !== null) {
      if (name !== type[1]) throw new Error(`TYPE without HELP: ${line}`);
      if (families.has(name)) throw new Error(`twice: ${name}`);
      families.set(name, { type: type[2]!, help: about, samples: [] });
    } else {
      const sample = readSample(line);
      const family = families.get(name);
      const base = family?.type === 'histogram' ? sample.name.replace(/_(?:bucket|sum|count)$/, '') : sample.name;
      if (family === undefined || base !== name) throw new Error(`outside its family: ${line}`);
      family.samples.push(sample);
    }
  }
  return families;
}

/** The value of the one sample with these labels in any order; undefined without one. */
export function sampleValue(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  const found = [...readMetrics(text).values()]
    .flatMap((family) => family.samples)
    .filter((line) => line.name === name && JSON.stringify(Object.entries(line.labels).sort()) === wanted);
  if (found.length > 1) throw new Error(`two samples of ${name} ${wanted}`);
  return found[0]?.value;
}

function readSample(line: string): Line {
  const match = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/s.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let rest = match[2] ?? '';
  while (rest !== '') {
    const pair = /^([a-z_0-9]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/.exec(rest);
    if (pair === null) throw new Error(`no label: ${rest}`);
    labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, (_, unit: string) => (unit === 'n' ? '\n' : unit));
    rest = rest.slice(pair[0].length);
  }
  const value = Number(match[3]!.replace('Inf', 'Infinity'));
  return { name: match[1]!, labels, value };
}
