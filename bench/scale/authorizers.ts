/** Authorizers behind data planes: the effect of balancing and of connection age, simulated and compared to a measured run. */
import { existsSync } from 'node:fs';
import { connectExtAuthz } from '../../test/support/ext-authz-client.ts';
import { benchPlace, startLoadClient } from '../processes.ts';
import { machine, spread, table } from '../report.ts';
import { revokedMeasured } from './delays.ts';
import { type Authorizer, ageS, type Counted, checkHeaders, type Fleet, startFleet } from './fleet.ts';
import { simulate, type World } from './simulate.ts';
import { spreadOf } from './spread.ts';
import { after } from './three-replicas.ts';

const percent = (part: number) => `${(100 * part).toFixed(1)} %`;

export function simulateFleets(usual: World): void {
  const world: World = {
    ...usual,
    requestsPerSecond: 20_000,
    credentials: 100_000,
    skew: 0.8,
    acceptedS: 30,
    seconds: 120,
  };
  console.log('20,000 checks/s with 100,000 credentials (skew 0.8), cache.accepted 30s, Redis\n');
  const rows = [3, 6, 12].flatMap((replicas) =>
    (['random', 'hashed'] as const).map((balance) => {
      const { callsPerSecond, waitingShare } = simulate({ ...world, replicas, balance });
      const joining = simulate({ ...world, replicas, balance, joins: true, seconds: 10 });
      return [
        ...[String(replicas), balance, callsPerSecond.toFixed(0), percent(1 - waitingShare)],
        ...[percent(1 - joining.waitingShare), percent(joining.joinedShare)],
      ];
    }),
  );
  const head = [
    'authorizers',
    'balancing',
    'calls/s to the Auth API',
    'from memory',
    'in the 10 s after another joins',
    'share of that one',
  ];
  console.log(table(head, rows));
  console.log(
    '\nConnections over gRPC that are balanced as TCP, four of each data plane; the fourth authorizer joins at 0 s\n',
  );
  const seconds = [10, 30, 60, 120];
  const spreads = [2, 10, 50].flatMap((dataPlanes) =>
    [Number.POSITIVE_INFINITY, 60].map((age) => {
      const { busiest, joined } = spreadOf(
        { dataPlanes, perDataPlane: 4, authorizers: 3, ageS: age, seed: usual.seed },
        seconds,
      );
      return [String(dataPlanes), age === 60 ? '60 s' : 'none', `${busiest.toFixed(2)} x`, ...joined.map(percent)];
    }),
  );
  console.log(
    table(['data planes', 'age', 'busiest before', ...seconds.map((second) => `share after ${second} s`)], spreads),
  );
}

/** Whether the measurement matches the simulation within a tenth. */
export async function measureFleet(usual: World, main: string): Promise<boolean> {
  if (!existsSync(main)) throw new Error(`there is no ${main}: npm run build`);
  const { processes, folder } = benchPlace('scale-authorizers');
  const world: World = { ...usual, requestsPerSecond: 2_000 };
  console.log(
    `${machine}, ${world.replicas} authorizers, HAProxy, a Redis Cluster of three nodes, ${world.credentials} credentials, ` +
      `${world.requestsPerSecond} checks/s, accepted ${world.acceptedS} s\n`,
  );
  const fleet = await startFleet(processes, main, folder, world);
  const load = startLoadClient(processes);
  const run = (balance: World['balance'], seconds: number, warmupS = 2 * world.acceptedS) =>
    load({
      ...{ port: fleet.places[balance], pids: [], request: checkText, numbers: world.credentials, status: 200 },
      ...{ connections: 48, warmupMs: warmupS * 1_000, measureMs: seconds * 1_000, rate: world.requestsPerSecond },
    });
  let close = true;
  const rows: string[][] = [];
  for (const balance of ['random', 'hashed'] as const) {
    const expected = simulate({ ...world, balance, seconds: 60 });
    const loading = run(balance, world.seconds);
    await after(2_000 * world.acceptedS);
    const [before, calls, from] = [await countedOf(fleet, fleet.replicas), await fleet.calls(), performance.now()];
    await after(world.seconds * 1_000 - 500);
    const perSecond = ((await fleet.calls()) - calls) / ((performance.now() - from) / 1_000);
    const memory = shareOf(before, await countedOf(fleet, fleet.replicas));
    const { requests, p99Ms } = await loading;
    if (requests < 0.97 * world.requestsPerSecond * world.seconds) throw new Error(`only ${requests} checks were made`);
    const off = perSecond / expected.callsPerSecond - 1;
    close &&= Math.abs(off) <= 0.1;
    rows.push([
      ...[balance, expected.callsPerSecond.toFixed(0), perSecond.toFixed(0), `${(100 * off).toFixed(1)} %`],
      ...[percent(1 - expected.waitingShare), percent(memory), p99Ms.toFixed(1)],
    ]);
  }
  const columns = ['calls/s simulated', 'measured', 'off', 'from memory simulated', 'measured', 'p99 ms'];
  console.log(table(['balancing', ...columns], rows));

  const busy = run('hashed', 40, 1);
  const revoked = await revokedMeasured(fleet, 100);
  await busy;
  const acknowledged = revoked.map(({ acknowledgedMs }) => acknowledgedMs).toSorted((a, b) => a - b);
  const latest = Math.max(...revoked.map(({ lastAcceptedMs }) => lastAcceptedMs));
  console.log(
    `\n100 revocations at one authorizer at 2,000 checks/s: acknowledged after ${spread(acknowledged).median.toFixed(1)} ms (median), ` +
      `${acknowledged[98]!.toFixed(1)} ms (p99); the last check that any authorizer accepted began ${(-latest).toFixed(1)} ms before that.\n`,
  );
  console.log(await joinMeasured(fleet, run, world));
  return close;
}

const checkText = `GET /haproxy HTTP/1.1\r\n${Object.entries(checkHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')}Authorization: Bearer ${'s'.repeat(52)}{n}\r\n\r\n`;

type Run = (balance: World['balance'], seconds: number, warmupS?: number) => Promise<unknown>;

/** Shares of the authorizer that joins: of checks over HTTP, which are balanced one by one, and of connections over gRPC. */
async function joinMeasured(fleet: Fleet, run: Run, world: World): Promise<string> {
  const connections = 48;
  const proxies = Array.from({ length: connections }, () => connectExtAuthz(fleet.places.tcp));
  let going = true;
  const asking = proxies.map(async (proxy, index) => {
    const rawHeaders = [
      'Host',
      'api.example.test',
      'Authorization',
      `Bearer ${'g'.repeat(60)}${index}`.padEnd(64, 'g'),
    ];
    while (going) {
      await proxy.ask({ method: 'GET', target: '/private/7', rawHeaders });
      await after(100);
    }
  });
  await after(3_000);
  await fleet.join();
  const looks = [0.5, 1, 2, 4, 6];
  const all = [...fleet.replicas, fleet.fourth];
  const measured: number[] = [];
  let before = await countedOf(fleet, all);
  let at = 0;
  for (const look of looks) {
    await after((look - at) * 1_000);
    const now = await countedOf(fleet, all);
    measured.push(partOfLast(before, now));
    [before, at] = [now, look];
  }
  going = false;
  await Promise.all(asking);
  for (const proxy of proxies) proxy.close();
  // The share of an interval counts at its middle.
  const middles = looks.map((look, index) => (look + (looks[index - 1] ?? 0)) / 2);
  const simulated = spreadOf(
    { dataPlanes: connections, perDataPlane: 1, authorizers: 3, ageS, seed: world.seed },
    middles,
  );
  const http: string[] = [];
  for (const balance of ['random', 'hashed'] as const) {
    const loading = run(balance, 6, 1);
    await after(1_500);
    const from = await countedOf(fleet, all);
    await after(4_000);
    http.push(`${balance} ${percent(partOfLast(from, await countedOf(fleet, all)))}`);
    await loading;
  }
  const rows = looks.map((look, index) => [
    `${looks[index - 1] ?? 0} - ${look} s`,
    percent(simulated.joined[index]!),
    percent(measured[index]!),
  ]);
  return `A fourth authorizer joins. Of checks over HTTP it gets, balanced one by one: ${http.join(', ')}. Of ${connections} connections over gRPC,
balanced as TCP, with an age of ${ageS} s:

${table(['since then', 'share simulated', 'measured'], rows)}`;
}

function countedOf(fleet: Fleet, authorizers: readonly Authorizer[]): Promise<Counted[]> {
  return Promise.all(authorizers.map((one) => fleet.counted(one)));
}

const sumOf = (all: readonly Counted[], pick: keyof Counted) => all.reduce((sum, one) => sum + one[pick], 0);

/** The share of all checks between the two counts that a verdict from memory decided. */
function shareOf(before: readonly Counted[], now: readonly Counted[]): number {
  return (sumOf(now, 'fromMemory') - sumOf(before, 'fromMemory')) / (sumOf(now, 'checks') - sumOf(before, 'checks'));
}

function partOfLast(before: readonly Counted[], now: readonly Counted[]): number {
  return (now.at(-1)!.checks - before.at(-1)!.checks) / (sumOf(now, 'checks') - sumOf(before, 'checks'));
}
