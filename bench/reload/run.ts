/**
 * `npm run bench:reload`: a thousand reloads of the configuration, one after the other, during requests at a steady rate. Checks
 * whether any request fails, and whether memory stays flat. Every allowed request leaves a record.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LoadResult } from '../load/load.ts';
import { readOptions } from '../options.ts';
import { benchPlace, freePort, startLoadClient, startScript } from '../processes.ts';
import { machine, spread, verdict } from '../report.ts';
import { startProbedGateway } from '../soak/probed-gateway.ts';

const options = readOptions(
  `Usage: npm run bench:reload -- [options]
  --reloads N    how many (default 1000)
  --rate N       requests per second (default 1000)
  --tracing      traces are recorded, too, and sent to a collector
  --check        exit 1 when a target is not met`,
  {
    reloads: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1000' },
    tracing: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
);

/** Heap growth over the second half of the reloads that counts as flat, as a share. */
const maxGrowth = 0.05;
const samples = 40;
const adminToken = 'a-token-of-the-benchmark-only-0123456789';
const jobMs = 8_000;

const { processes, folder } = benchPlace('reload');
const collector = options.tracing ? await startCollector() : null;
const ports = {
  listen: await freePort(),
  admin: await freePort(),
  authApi: (await startScript(processes, 'rest', 'load/auth-api.ts')).port,
  upstream: (await startScript(processes, 'rest', 'load/upstream.ts')).port,
};
const config = join(folder, 'gateway.yaml');
writeFileSync(config, configText(0));
const gateway = await startProbedGateway(processes, 'measured', config, join(folder, 'log'));
const load = startLoadClient(processes);
const wanted = Number(options.reloads);
console.log(
  `${machine}, ${wanted} reloads under ${options.rate} requests/s, records on, tracing ${options.tracing ? 'on' : 'off'}`,
);

let over = false;
const results = sendLoad();
const held: { readonly heapMb: number; readonly residentMb: number }[] = [];
const tookMs: number[] = [];
const begun = performance.now();
for (let count = 1; count <= wanted; count += 1) {
  writeFileSync(config, configText(count));
  const from = performance.now();
  await reload(count);
  tookMs.push(performance.now() - from);
  if (count % Math.ceil(wanted / samples) === 0) held.push(await gateway.held());
}
const seconds = (performance.now() - begun) / 1000;
over = true;
// Throws if a request failed or had a status other than 200.
const all = await results;
const newest = await fetch(`http://127.0.0.1:${ports.listen}/version/${wanted}`, { headers: bearer('user-1') });
if (newest.status !== 200) throw new Error(`the last configuration is not in use: ${newest.status}`);

const requests = all.reduce((sum, one) => sum + one.requests, 0);
const half = held.slice(Math.floor(held.length / 2));
const quarter = Math.max(1, Math.floor(half.length / 2));
const mean = (of: 'heapMb' | 'residentMb', list: typeof held) =>
  list.reduce((sum, one) => sum + one[of], 0) / list.length;
const growth = (of: 'heapMb' | 'residentMb') => mean(of, half.slice(-quarter)) / mean(of, half.slice(0, quarter)) - 1;
const reloads = spread(tookMs);
const p99 = spread(all.map(({ p99Ms }) => p99Ms));
console.log(
  `${requests} requests in ${seconds.toFixed(0)} s, none failed; p99 of ${jobMs / 1000} s: ${p99.median.toFixed(1)} ms median, ${p99.max.toFixed(1)} ms most`,
);
console.log(`a reload: ${reloads.median.toFixed(1)} ms median, ${reloads.max.toFixed(1)} ms most`);
if (collector !== null) console.log(`${collector.requests()} requests to the collector`);
console.log(`heap, in turn: ${held.map(({ heapMb }) => heapMb.toFixed(1)).join(' ')} MB`);
const verdicts = (['heapMb', 'residentMb'] as const).map((of) => ({
  name: `${of === 'heapMb' ? 'heap after collection' : 'resident memory'}: ${mean(of, half).toFixed(1)} MB; growth over the second half`,
  value: growth(of),
}));
for (const { name, value } of verdicts)
  console.log(`${name}: ${value.toFixed(3)}, target ${verdict(value, maxGrowth)}`);
process.exit(options.check && verdicts.some(({ value }) => value > maxGrowth) ? 1 : 0);

async function sendLoad(): Promise<readonly LoadResult[]> {
  const request = `GET /private/{n} HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer user-{n}\r\n\r\n`;
  const done: LoadResult[] = [];
  while (!over) {
    const job = {
      port: ports.listen,
      request,
      numbers: 200,
      status: 200,
      connections: 32,
      warmupMs: 2_000,
      measureMs: jobMs,
    };
    done.push(await load({ ...job, rate: Number(options.rate), pids: [gateway.pid] }));
  }
  return done;
}

async function reload(count: number): Promise<void> {
  const headers = { ...bearer(adminToken), 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${ports.admin}/reload`, { method: 'POST', headers, body: '{}' });
  if (response.status !== 202) throw new Error(`reload ${count}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Accepts everything that is sent, and parses none of it. */
async function startCollector(): Promise<{ readonly url: string; requests(): number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1/traces`, requests: () => requests };
}

/** Each reload has a different route, so the table really changes. */
function configText(count: number): string {
  return `version: 1
server: { listen: "127.0.0.1:${ports.listen}", admin: "127.0.0.1:${ports.admin}", adminToken: ${adminToken}, limits: { connectionsPerClient: 0 } }
log: { access: false, level: info }
records: { max: 1000, perSecond: 10000, allowedSample: 1 }
${collector === null ? '' : `tracing: { endpoint: "${collector.url}", sample: 1 }`}
authApi: { url: "http://127.0.0.1:${ports.authApi}" }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:${ports.upstream}"] } }
routes:
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
  - { id: version-${count}, match: { path: "/version/${count}" }, upstream: service, access: [user] }
`;
}
