/** Figures of the comparison: tables, targets, and a chart of CPU time per request. */
import { cpuPerRequest, type LoadResult } from '../load/load.ts';
import { median, spread, table } from '../report.ts';
import type { Earlier } from './contenders.ts';

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

export interface NotMeasured {
  readonly name: string;
  readonly reason: string;
  readonly earlier?: Earlier;
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
  readonly versions: Readonly<Record<string, string>>;
}

const cpu = ({ saturated }: CaseResults): number => median(saturated.map(cpuPerRequest));
const rate = ({ saturated }: CaseResults): number =>
  median(saturated.map(({ requests, seconds }) => requests / seconds));

/** Markdown. Rows that were not measured are last. */
export function figures(all: readonly CaseResults[], notMeasured: readonly NotMeasured[]): string {
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
      megabytes(one.residentBytes),
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
  return table(head, [...rows, ...notMeasured.map(rowWithout)]);
}

function rowWithout({ name, reason, earlier }: NotMeasured): string[] {
  if (earlier === undefined) return [name, `not measured: ${reason}`, '-', '-', '-', '-', '-', '-'];
  const { version, date, cpuUs, perSecond, megabytes: memory } = earlier;
  const what = `not of this run: measured earlier with version ${version}, ${date}`;
  return [name, what, `${cpuUs}`, '-', `${perSecond}`, '-', '-', `${memory}`];
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);

interface Aim {
  readonly over: string;
  readonly under: readonly string[];
  readonly most: number;
}

const nodeProxies = ['http-proxy', 'http-proxy-3', 'httpxy', 'fastify-http-proxy'];
const aims: readonly Aim[] = [
  ...['mixed', 'repeated'].map((load) => ({
    over: `rolegate ${load}`,
    under: [`floor ${load}`],
    most: 1.3,
  })),
  // What a gateway adds to a relay that logs and counts, as every gateway must.
  { over: 'rolegate mixed', under: ['floor, log and metrics mixed'], most: 1.3 },
  { over: 'rolegate mixed', under: ['nginx auth_request mixed'], most: 1.2 },
  { over: 'rolegate repeated', under: ['nginx auth_request repeated'], most: 1.2 },
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
    if (above === undefined || below === undefined || above[load].length === 0 || below[load].length === 0) return [];
    const each = above[load].map((result, round) => cpuPerRequest(result) / cpuPerRequest(below[load][round]!));
    const { min, median: middle, max } = spread(each);
    const verdict = middle <= most ? 'met' : 'NOT met';
    return [
      `${load}: ${over} / ${below.name}: ${min.toFixed(2)} - ${middle.toFixed(2)} - ${max.toFixed(2)}, aim ${most}: ${verdict}`,
    ];
  });
}

/** The results page. */
export function page(conditions: Conditions, all: readonly CaseResults[], notMeasured: readonly NotMeasured[]): string {
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
  const known = Object.entries(versions).filter(([, version]) => version !== 'this working copy');
  return `# Comparison with other proxies

\`${command}\`, ${date.slice(0, 10)}, Node ${node.slice(1)}, ${commit}, ${cores} x ${processor}. Each contender has one core; client, service, Auth API
and Redis share the other. ${connections} kept connections, ${rounds} interleaved rounds of ${seconds} s after proof that each contender lets a good
credential in and refuses a bad one. CPU is user and system time of all processes of the contender, from the operating system:
median, minimum and maximum of the rounds. "Even load" is ${even} requests per second for every contender that can handle them: at saturation a faster
contender keeps the other core awake, and then pays less for waking it.

"Mixed": 200 identities over shared connections, a trace id of its own in every request, 60 paths on three routes (public, users,
administrators), one POST in ten, responses of 1 kB. 2.5 % of the requests have an unknown credential (401), and 2.5 % are a user's to the route of administrators
(403). The status of every response is checked. Results are kept for 30 s, refusals for 5 s, where that can be set. Caddy and oauth2-proxy
keep none; oauth2-proxy verifies a JWT each time, knows no roles, and refuses expired JWTs instead. Traefik and Envoy
have the configuration that \`rolegate proxy-config\` prints, and share their core with the Rolegate that they ask; its CPU is counted.

Rolegate, nginx with \`auth_request\`, oauth2-proxy, Heimdall and Oathkeeper log every request; Rolegate also counts. "floor" is a bare relay of our own
(../compare/rivals/floor.mjs), which refuses nothing, and "floor, log and metrics" the same with a JSON line and five operations of \`prom-client\` for each
request. The others do neither. The setup of each: [contenders.ts](../compare/contenders.ts) and the files that it imports.

${known.map(([name, version]) => `${name} ${version}`).join(', ')}.

![CPU time per request](compare.svg)

${figures(all, notMeasured)}
${notMeasured.some(({ earlier }) => earlier !== undefined) ? earlierNote : ''}
Ratios of CPU per request within a round: minimum, median, maximum.

| load | ratio | figures | aim | |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

const earlierNote = `
Figures that are not of this run are of one on two cores with Debian 12 and a similar load (1,000 tokens, 20 paths, 5 % refusals, 1 kB, 32 connections),
in which a request cost 46 us in Rolegate and 32 us in nginx 1.22.1.
`;

const bar = { height: 22, gap: 8, left: 250, width: 330, top: 74 } as const;
/** The page includes these cases, but the chart does not: they differ little from "mixed", or are no requests of clients. */
const isMixed = ({ name }: CaseResults): boolean => name.endsWith(' mixed');
const pageOnly = / (?:repeated|conditions|key pair|signed|two segments)$|^check/;

/** SVG without fonts or scripts, for light and dark pages. */
export function chart(all: readonly CaseResults[]): string {
  const sorted = all.filter(({ name }) => !pageOnly.test(name)).sort((a, b) => cpu(a) - cpu(b));
  const most = Math.max(...sorted.map(cpu));
  const height = bar.top + sorted.length * (bar.height + bar.gap) + 10;
  const rows = sorted.map((one, index) => {
    const y = bar.top + index * (bar.height + bar.gap);
    const width = (cpu(one) / most) * bar.width;
    const kind = one.name.startsWith('rolegate')
      ? 'own'
      : / mixed$/.test(one.name) && !one.name.startsWith('floor')
        ? 'checks'
        : 'forwards';
    const middle = y + bar.height / 2 + 5;
    return [
      `<text x="${bar.left - 10}" y="${middle}" text-anchor="end">${one.name}</text>`,
      `<rect x="${bar.left}" y="${y}" width="${width.toFixed(1)}" height="${bar.height}" rx="3" class="${kind}"/>`,
      `<text x="${(bar.left + width + 8).toFixed(1)}" y="${middle}">${cpu(one).toFixed(0)} µs <tspan class="sub">${one.what === 'bare' || isMixed(one) ? '' : one.what}</tspan></text>`,
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
