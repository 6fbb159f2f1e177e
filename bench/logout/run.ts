/**
 * How long three replicas take to refuse what a logout token of the provider ends: JWTs, and sessions of browsers with a WebSocket at
 * each replica.
 */
import { parseArgs } from 'node:util';
import { machine, table, verdict } from '../report.ts';
import { type Headers, logout, openSocket, startWorld, statusAt } from './world.ts';

const usage = `npm run bench:logout -- [options]
  --main FILE         the gateway that is measured (default src/main.ts)
  --times N           logouts of each kind (default 300)
  --check             ends with 1 when a target is missed`;

const targetMs = 20;

const { values: options } = parseArgs({
  options: {
    main: { type: 'string', default: 'src/main.ts' },
    times: { type: 'string', default: '300' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const times = Number(options.times);
if (!Number.isInteger(times) || times < 1) throw new Error(usage);

const world = await startWorld(options.main);
const { replicas } = world;
const bearers = { acknowledged: [] as number[], refused: [] as number[] };
const sessions = { acknowledged: [] as number[], refused: [] as number[], closed: [] as number[] };
for (let index = 0; index < times; index += 1) {
  const replica = replicas[index % replicas.length]!;
  {
    const sid = `of-a-bearer-${index}`;
    const headers = await world.bearer(sid);
    await untilAccepted('/api', headers);
    const { sentAt, respondedAt } = await end(replica, await world.logoutToken(sid, 'web'));
    await refusedByAll('/api', headers);
    bearers.acknowledged.push(respondedAt - sentAt);
    bearers.refused.push(performance.now() - respondedAt);
  }
  {
    const sid = `of-a-browser-${index}`;
    const headers = await world.session(sid);
    await untilAccepted('/page', headers);
    const sockets = await Promise.all(replicas.map((one) => openSocket(one, headers)));
    const token = await world.logoutToken(sid, 'pages');
    const closed = Promise.all(sockets.map((socket) => socket.closed)).then(() => performance.now());
    const { sentAt, respondedAt } = await end(replica, token);
    await refusedByAll('/page', headers);
    sessions.refused.push(performance.now() - respondedAt);
    sessions.acknowledged.push(respondedAt - sentAt);
    sessions.closed.push((await closed) - sentAt);
  }
}
await world.close();

const row = (what: string, values: readonly number[]) => [
  what,
  ...[0.5, 0.99, 1].map((share) => at(values, share).toFixed(2)),
];
console.log(`${machine}; ${times} logouts of each kind, three replicas, one Redis

${table(
  ['ms', 'p50', 'p99', 'longest'],
  [
    row('JWT: logout token to its response', bearers.acknowledged),
    row('JWT: response to 401 at all three replicas', bearers.refused),
    row('session: logout token to its response', sessions.acknowledged),
    row('session: response to 401 at all three replicas', sessions.refused),
    row('session: logout token to the end of its WebSockets at all three replicas', sessions.closed),
  ],
)}
`);
const worst = Math.max(...[bearers.refused, sessions.refused, sessions.closed].map((values) => at(values, 0.99)));
console.log(`p99 until all refuse, and until WebSockets are closed, ms ${verdict(worst, targetMs)}`);
process.exit(options.check && worst > targetMs ? 1 : 0);

function at(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

async function untilAccepted(path: string, headers: Headers): Promise<void> {
  for (const replica of replicas) {
    const status = await statusAt(replica, path, headers);
    if (status !== 200) throw new Error(`${path} has status ${status} before the logout`);
  }
}

async function end(replica: (typeof replicas)[number], token: string) {
  const sentAt = performance.now();
  const status = await logout(replica, token);
  if (status !== 200) throw new Error(`a logout token was answered with ${status}`);
  return { sentAt, respondedAt: performance.now() };
}

async function refusedByAll(path: string, headers: Headers): Promise<void> {
  const statuses = await Promise.all(replicas.map((replica) => statusAt(replica, path, headers)));
  if (statuses.some((one) => one !== 401)) throw new Error(`accepted after the response: ${statuses.join(', ')}`);
}
