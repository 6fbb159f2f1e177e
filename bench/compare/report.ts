/** Figures of the comparison: table, targets, and a chart of CPU time per request. */
import { cpuPerRequest, type LoadResult } from '../load/load.ts';
import { median, spread, table } from '../report.ts';

export interface CaseResults {
  readonly name: string;
  readonly what: string;
  readonly saturated: LoadResult[];
  /** All cases at the same rate. */
  readonly even: LoadResult[];
  /** At 60 % of the case's own throughput, the median of its rounds. */
  readonly paced: LoadResult[];
  residentBytes: number;
}

export interface Conditions {
  readonly date: string;
  readonly node: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly even: number;
  readonly command: string;
  readonly versions: Readonly<Record<string, string | null>>;
}

const cpu = ({ saturated }: CaseResults): number => median(saturated.map(cpuPerRequest));
const rate = ({ saturated }: CaseResults): number =>
  median(saturated.map(({ requests, seconds }) => requests / seconds));

/** Markdown. */
export function figures(all: readonly CaseResults[]): string {
  const rows = all.map((one) => {
    const each = spread(one.saturated.map(cpuPerRequest));
    const latency = (of: (result: LoadResult) => number) =>
      one.paced.length === 0 ? '-' : median(one.paced.map(of)).toFixed(2);
    return [
      one.name,
      one.what,
      `${each.median.toFixed(1)} (${each.min.toFixed(1)} - ${each.max.toFixed(1)})`,
      one.even.length === 0 ? '-' : median(one.even.map(cpuPerRequest)).toFixed(1),
      rate(one).toFixed(0),
      latency(({ p50Ms }) => p50Ms),
      latency(({ p99Ms }) => p99Ms),
      (one.residentBytes / 1024 / 1024).toFixed(0),
    ];
  });
  const head = [
    '',
    '',
    'CPU us / request',
    'the same, even load',
    'requests/s',
    'p50 ms at 60 %',
    'p99 ms at 60 %',
    'resident MB',
  ];
  return table(head, rows);
}

interface Aim {
  readonly over: string;
  readonly under: readonly string[];
  readonly most: number;
}

const nodeProxies = ['http-proxy', 'http-proxy-3', 'httpxy', 'fastify-http-proxy'];
const aims: readonly Aim[] = [
  ...['mixed', 'distinct', 'repeated'].map((load) => ({
    over: `rolegate ${load}`,
    under: [`floor ${load}`],
    most: 1.3,
  })),
  // What a gateway adds to a relay that logs and counts, as every gateway must.
  { over: 'rolegate mixed', under: ['floor, log and metrics mixed'], most: 1.3 },
  { over: 'rolegate mixed', under: ['nginx auth_request mixed'], most: 1.1 },
  { over: 'rolegate distinct', under: ['nginx auth_request distinct'], most: 1.15 },
  { over: 'rolegate repeated', under: ['nginx auth_request repeated'], most: 1.15 },
  { over: 'rolegate repeated', under: ['caddy forward_auth'], most: 0.35 },
  { over: 'rolegate repeated', under: nodeProxies, most: 0.65 },
  { over: 'rolegate repeated', under: ['rolegate public'], most: 1.08 },
  { over: 'rolegate signed', under: ['rolegate repeated'], most: 1.03 },
];

/** Ratios of CPU time, calculated within each round, against the targets. With several names, against the best of them. */
export function judged(all: readonly CaseResults[]): string[] {
  return [...compared(all, 'saturated'), ...compared(all, 'even')];
}

function compared(all: readonly CaseResults[], load: 'saturated' | 'even'): string[] {
  return aims.flatMap(({ over, under, most }) => {
    const above = all.find(({ name }) => name === over);
    const rivals = all.filter(({ name }) => under.includes(name)).sort((a, b) => cpu(a) - cpu(b));
    const below = rivals[0];
    if (above === undefined || below === undefined || above[load].length === 0) return [];
    const each = above[load].map((result, round) => cpuPerRequest(result) / cpuPerRequest(below[load][round]!));
    const { min, median: middle, max } = spread(each);
    const verdict = middle <= most ? 'met' : 'NOT met';
    return [
      `${load}: ${over} / ${below.name}: ${min.toFixed(2)} - ${middle.toFixed(2)} - ${max.toFixed(2)}, aim ${most}: ${verdict}`,
    ];
  });
}

/** The results page. */
export function page(conditions: Conditions, all: readonly CaseResults[]): string {
  const {
    date,
    node,
    commit,
    cpu: processor,
    cores,
    connections,
    rounds,
    seconds,
    even,
    command,
    versions,
  } = conditions;
  const rows = judged(all).map((line) => {
    const [load = '', ratio = '', rest = ''] = line.split(': ');
    const [values = '', aim = ''] = rest.split(', aim ');
    return `| ${load} | ${ratio} | ${values} | ${aim} | ${line.split(': ').at(-1)} |`;
  });
  const known = Object.entries(versions).filter(([name]) => !name.startsWith('rolegate'));
  return `# Comparison with other proxies

\`${command}\`, ${date.slice(0, 10)}, Node ${node.slice(1)}, ${commit}, ${cores} x ${processor}. Each contender has one core; client, service, Auth API
and Redis share the other. ${connections} kept connections, ${rounds} interleaved rounds of ${seconds} s after proof that each contender lets a good
credential in and refuses a bad one. CPU is user and system time of all processes of the contender, from the operating system:
median, minimum and maximum of the rounds. "Even load" is ${even} requests per second for every contender: at saturation a faster contender keeps the
other core awake, and then pays less for waking it. Rolegate and nginx with \`auth_request\` write an access log; Rolegate also
counts. "floor" is a bare relay of our own (../compare/rivals/floor.mjs), and "floor, log and metrics" the same with a JSON line and five
operations of \`prom-client\` for each request. The others do neither. The setup of each: [rival-configs.ts](../compare/rival-configs.ts).

${known.map(([name, version]) => `${name} ${version ?? 'missing'}`).join(', ')}.

![CPU time per request](compare.svg)

${figures(all)}

Ratios of CPU per request within a round: minimum, median, maximum.

| load | ratio | figures | aim | |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

const bar = { height: 22, gap: 8, left: 215, width: 360, top: 74 } as const;
/** The page includes these cases, but the chart does not, because they differ little from "mixed". */
const pageOnly = / (?:distinct|repeated|conditions|key pair|signed)$/;

/** SVG without fonts or scripts, for light and dark pages. */
export function chart(all: readonly CaseResults[]): string {
  const sorted = all.filter(({ name }) => !pageOnly.test(name)).sort((a, b) => cpu(a) - cpu(b));
  const most = Math.max(...sorted.map(cpu));
  const height = bar.top + sorted.length * (bar.height + bar.gap) + 10;
  const rows = sorted.map((one, index) => {
    const y = bar.top + index * (bar.height + bar.gap);
    const width = (cpu(one) / most) * bar.width;
    const kind = one.name.startsWith('rolegate') ? 'own' : one.name.includes('auth') ? 'checks' : 'forwards';
    const middle = y + bar.height / 2 + 5;
    return [
      `<text x="${bar.left - 10}" y="${middle}" text-anchor="end">${one.name}</text>`,
      `<rect x="${bar.left}" y="${y}" width="${width.toFixed(1)}" height="${bar.height}" rx="3" class="${kind}"/>`,
      `<text x="${(bar.left + width + 8).toFixed(1)}" y="${middle}">${cpu(one).toFixed(0)} µs <tspan class="sub">${one.what === 'bare' ? '' : one.what}</tspan></text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 ${height}" width="800" height="${height}" role="img" aria-label="CPU time per request">
<style>
text{font:14px system-ui,sans-serif;fill:#0f172a}.sub{font-size:12px;fill:#475569}.page{fill:#fff}
.own{fill:#2563eb}.checks{fill:#b45309}.forwards{fill:#94a3b8}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.sub{fill:#9198a1}.page{fill:#0d1117}.own{fill:#4493f8}.checks{fill:#d29922}.forwards{fill:#656c76}}
</style>
<rect width="800" height="${height}" rx="8" class="page"/>
<text x="16" y="24" font-weight="600">CPU time per request (user and system, all processes). Shorter is better.</text>
<text x="16" y="44" class="sub">Blue: Rolegate, with authentication, roles, log and metrics. Brown: others that check credentials. Gray: only forwarding.</text>
<text x="16" y="61" class="sub">"floor" is a bare relay in Node on raw sockets: it checks nothing. "floor, log and metrics" adds a line and five counts.</text>
${rows.join('\n')}
</svg>
`;
}
