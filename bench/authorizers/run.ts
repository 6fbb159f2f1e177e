/**
 * `npm run bench:authorizers`: what a check costs compared to a proxied request, over HTTP and gRPC, and what authorization costs
 * each proxy. Gateway and proxy share a core; clients, service and Auth API use the other. Rounds are interleaved,
 * and every figure is a median of rounds.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parsed } from '../compare/rolegate-config.ts';
import { cpuPerRequest, type LoadAnswer, type LoadJob, type LoadResult } from '../load/load.ts';
import { processTree } from '../load/process-tree.ts';
import { distinct } from '../load/requests.ts';
import { readOptions } from '../options.ts';
import {
  benchPlace,
  freePort,
  startLoadClient,
  startScript,
  startWorker,
  untilListening,
  untilServed,
} from '../processes.ts';
import { findProgram } from '../programs.ts';
import { machine, median, table, verdict } from '../report.ts';
import type { GrpcJob } from './grpc-load.ts';
import { programOf, proxyArguments, proxyEnvironment, proxyNames } from './proxies.ts';

const options = readOptions(
  `Usage: npm run bench:authorizers -- [options]
  --rounds N       interleaved rounds (default 5)
  --seconds N      measured seconds of each case in each round (default 2)
  --main FILE      the gateway that is measured (default dist/main.js)
  --out FOLDER     writes authorizers.md there
  --check          exit 1 when a target is missed`,
  {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    main: { type: 'string', default: 'dist/main.js' },
    out: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
);

const connections = 64;
const targets = { http: 0.8, grpc: 2.5, p99Ms: 5 } as const;

if (!existsSync(options.main)) throw new Error(`there is no ${options.main}: npm run build`);
const { processes, folder } = benchPlace('authorizers');
const service = (await startScript(processes, 'rest', 'load/upstream.ts')).port;
const authApi = (await startScript(processes, 'rest', 'load/auth-api.ts')).port;
const places = { proxied: await freePort(), http: await freePort(), grpc: await freePort() };
const text = `version: 1
# On a machine that has other work, too, checks would be turned away while it is late.
server: { listen: "127.0.0.1:${places.proxied}", admin: false, limits: { eventLoopLag: 0s } }
authorizer:
  listen: "127.0.0.1:${places.http}"
  grpc: { listen: "127.0.0.1:${places.grpc}" }
  dialects: { nginx: /nginx, caddy: /caddy, haproxy: /haproxy, traefik: /traefik, envoy: /envoy }
authApi: { url: "http://127.0.0.1:${authApi}" }
cache: { accepted: 10m }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${service}"] } }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
writeFileSync(join(folder, 'gateway.yaml'), text);
const gateway = processes.start(
  'measured',
  [process.execPath, options.main, 'serve', '--config', join(folder, 'gateway.yaml')],
  ['ignore', 'ignore', 'inherit'],
);
await untilListening(places.grpc, gateway);
const load = startLoadClient(processes);
const grpcClient = startWorker(processes, 'authorizers/grpc-load.ts');

interface Case {
  readonly name: string;
  readonly measure: (seconds: number, rate?: number) => Promise<LoadResult>;
}

const pidsOf = (owners: readonly ChildProcess[]) => owners.flatMap(({ pid }) => processTree(pid!));

/** `owners`: the processes whose CPU counts, with all that they started. */
function overHttp(
  name: string,
  port: number,
  request: string,
  owners: readonly ChildProcess[],
  reconnects = false,
): Case {
  const { numbers } = distinct;
  const measure = (seconds: number, rate?: number) => {
    const job: LoadJob = {
      ...{ port, request, numbers: numbers!, status: 200, connections, warmupMs: 1_000, measureMs: seconds * 1_000 },
      pids: pidsOf(owners),
      reconnects,
      ...(rate === undefined ? {} : { rate }),
    };
    return load(job).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`);
    });
  };
  return { name, measure };
}

function overGrpc(name: string, port: number, pids: () => readonly number[]): Case {
  const measure = async (seconds: number, rate?: number) => {
    const job: GrpcJob = {
      ...{ port, connections: 4, atOnce: connections, numbers: 200 },
      ...{ warmupMs: 1_000, measureMs: seconds * 1_000, pids: pids() },
      ...(rate === undefined ? {} : { rate }),
    };
    grpcClient.send(job);
    const [answer] = (await once(grpcClient, 'message')) as [LoadAnswer];
    if (!answer.ok) throw new Error(`${name}: ${answer.error}`);
    return answer.result;
  };
  return { name, measure };
}

const grpcCase = overGrpc('check over gRPC', places.grpc, () => pidsOf([gateway]));
const floor = await startScript(processes, 'measured', 'authorizers/grpc-floor.ts');
const grpcFloor = overGrpc('@grpc/grpc-js that decides nothing', floor.port, () => [floor.pid]);

/** The head of a check, with the client's own headers. */
function check(line: string, fields: readonly string[]): string {
  const [, ...own] = distinct.request.trimEnd().split('\r\n');
  return `${[line, ...fields, ...own.filter((header) => !header.startsWith('Host:'))].join('\r\n')}\r\n\r\n`;
}
const original = [
  'X-Original-Method: GET',
  'X-Original-URI: /private/items/7',
  'X-Original-Host: api.example.test',
  'X-Real-IP: 203.0.113.7',
];
const forwarded = [
  'X-Forwarded-Method: GET',
  'X-Forwarded-Uri: /private/items/7',
  'X-Forwarded-Host: api.example.test',
  'X-Forwarded-For: 203.0.113.7',
];
const ofTraefik = check('GET /traefik HTTP/1.1', ['Host: api.example.test', ...forwarded]);
// Traefik keeps two idle connections, so under load most of its checks have one of their own.
const reconnecting = overHttp('check of Traefik, a connection each', places.http, ofTraefik, [gateway], true);
const proxied = overHttp('proxied request', places.proxied, distinct.request, [gateway]);
const httpChecks = [
  overHttp('check of nginx', places.http, check('GET /nginx HTTP/1.1', ['Host: rolegate', ...original]), [gateway]),
  overHttp('check of Caddy', places.http, check('GET /caddy HTTP/1.1', ['Host: api.example.test', ...forwarded]), [
    gateway,
  ]),
  overHttp('check of Traefik', places.http, ofTraefik, [gateway]),
  overHttp(
    'check of Envoy over HTTP',
    places.http,
    check('GET /envoy/private/items/7 HTTP/1.1', ['Host: api.example.test', 'X-Forwarded-For: 203.0.113.7']),
    [gateway],
  ),
];
const config = parsed(text);
const paths: Case[] = [];
const versions: string[] = [];
for (const name of proxyNames) {
  const found = findProgram(programOf(name));
  if ('missing' in found) {
    console.error(`${name} is not measured: ${found.missing}`);
    continue;
  }
  versions.push(`${name} ${found.version}`);
  for (const asks of [false, true]) {
    const listen = await freePort();
    const authorizer = name === 'envoy-grpc' ? places.grpc : places.http;
    const args = proxyArguments(name, { listen, service, authorizer, folder }, config, asks);
    const env = proxyEnvironment(folder, await freePort());
    const child = processes.start('measured', [found.path, ...args], 'ignore', env);
    await untilListening(listen, child);
    await untilServed(listen, distinct.request, 200);
    paths.push(
      overHttp(`${name}, ${asks ? 'asking' : 'alone'}`, listen, distinct.request, asks ? [child, gateway] : [child]),
    );
  }
}

const cases = [proxied, ...httpChecks, reconnecting, grpcCase, grpcFloor, ...paths];
const loadBefore = loadavg()[0]!.toFixed(1);
for (const { measure } of cases) await measure(1);
const found = new Map(cases.map((one) => [one, [] as LoadResult[]]));
for (let round = 1; round <= Number(options.rounds); round += 1) {
  for (const one of cases) found.get(one)!.push(await one.measure(Number(options.seconds)));
  process.stderr.write(`round ${round} of ${options.rounds} done\n`);
}
/** With the core half busy. A request then costs more than at full load, where one turn of the event loop serves many. */
const paced = new Map<Case, LoadResult[]>();
for (const one of cases) {
  const halfOfMost = 0.5 * median(found.get(one)!.map(({ requests, seconds }) => requests / seconds));
  const rate = 500_000 / cpuPerRequest(await one.measure(1, halfOfMost));
  const results: LoadResult[] = [];
  for (let round = 0; round < 3; round += 1) results.push(await one.measure(Number(options.seconds), rate));
  paced.set(one, results);
}

/** Ratio of a case to the proxied request of the same round. */
function ratioOf(one: Case): number {
  const base = found.get(proxied)!;
  return median(found.get(one)!.map((result, round) => cpuPerRequest(result) / cpuPerRequest(base[round]!)));
}
const row = (one: Case, ratio: string) => {
  const [full, half] = [found.get(one)!, paced.get(one)!];
  const us = (results: readonly LoadResult[]) => median(results.map(cpuPerRequest)).toFixed(1);
  const ms = (pick: 'p50Ms' | 'p99Ms') => median(half.map((result) => result[pick])).toFixed(2);
  const rateOf = (results: readonly LoadResult[]) =>
    median(results.map(({ requests, seconds }) => requests / seconds)).toFixed(0);
  return [one.name, us(full), ratio, rateOf(full), rateOf(half), us(half), ms('p50Ms'), ms('p99Ms')];
};
const columns = ['', 'CPU us', 'x', 'per second', 'core half busy: per second', 'CPU us', 'p50 ms', 'p99 ms'];
const checksTable = table(
  columns,
  [proxied, ...httpChecks, reconnecting, grpcCase, grpcFloor].map((one) => row(one, ratioOf(one).toFixed(2))),
);
const pathsTable = table(
  columns,
  paths.map((one, index) => {
    const alone = paths[index - (index % 2)]!;
    const pairs = found
      .get(one)!
      .map((result, round) => cpuPerRequest(result) / cpuPerRequest(found.get(alone)![round]!));
    return row(one, median(pairs).toFixed(2));
  }),
);
const worstHttp = Math.max(...httpChecks.map(ratioOf));
const p99Of = (one: Case) => median(paced.get(one)!.map(({ p99Ms }) => p99Ms));
const worstP99 = Math.max(...httpChecks.map(p99Of));
const lines = [
  `CPU of a check over HTTP ${worstHttp.toFixed(2)} x a proxied request ${verdict(worstHttp, targets.http)}`,
  `CPU of a check over gRPC ${ratioOf(grpcCase).toFixed(2)} x a proxied request ${verdict(ratioOf(grpcCase), targets.grpc)}`,
  `p99 of a warm check over HTTP with the core half busy ${worstP99.toFixed(2)} ms ${verdict(worstP99, targets.p99Ms)}`,
  `p99 over gRPC ${p99Of(grpcCase).toFixed(2)} ms ${verdict(p99Of(grpcCase), targets.p99Ms)}; the library alone, half busy, has ${p99Of(grpcFloor).toFixed(2)} ms`,
];
const page = `# What a check costs

${machine}, load ${loadBefore} before and ${loadavg()[0]!.toFixed(1)} after (of the benchmark itself, too). ${versions.join(', ')}. \`${['npm run bench:authorizers --', ...process.argv.slice(2)].join(' ')}\`:
${options.rounds} rounds of ${options.seconds} s, 200 identities, ${connections} at once, gRPC over 4 connections. Gateway and proxy share one core${processes.pinned ? '' : ' (not pinned here)'}; clients, service and
Auth API have the other. Verdicts are in memory, access log and metrics are on. Medians; "x" is CPU against the first row of the same rounds.

${checksTable}

${lines.map((line) => `- ${line}`).join('\n')}

The whole path: CPU of the proxy and of the gateway together. "alone": the proxy forwards without asking; "x" is against that.

${pathsTable}
`;
console.log(page);
if (options.out !== undefined) {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'authorizers.md'), page);
}
process.exit(options.check && lines.some((line) => line.includes('NOT met')) ? 1 : 0);
