/**
 * `node bench/micro/invalidation.ts`: how three replicas learn that a verdict is revoked, by pub/sub or by the
 * invalidation of client-side caching (RESP3): the time until the last one knows, and what each way costs Redis while
 * nothing is revoked. Bare connections, so that no client library is measured.
 */
import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import { Redis } from 'ioredis';
import { startRedis } from './processes.ts';
import { RespSocket } from './resp-socket.ts';

const replicas = 3;
const rounds = 5_000;
const verdicts = 50_000;
const sessionsOfUser = 1_000;
const entry = 'x'.repeat(220);

interface Way {
  readonly name: string;
  /** What a replica is pushed. */
  readonly needle: string;
  readonly setUp: readonly (readonly string[])[];
  /** A replica has to read a key to be told of it, once more after each time. */
  readonly reads: boolean;
  /** What revokes one session. */
  readonly revoke: readonly string[];
  /** What revokes a user with many sessions; one push for each that replicas are sent. */
  readonly revokeUser: readonly (readonly string[])[];
}

const key = (number: number) => `bench:verdict:${number}`;
const sessions = Array.from({ length: sessionsOfUser }, (_, number) => ['DEL', key(number)]);
const message = '{"v":1,"kind":"session","id":"11111111-2222-4333-8444-555555555555","atMs":1}';
const publish = ['PUBLISH', 'bench:revocations', message];
/** Replies to what replicas send hold values, and no keys; keys that go together come in one push. */
const invalidated = 'bench:verdict:';

const ways: readonly Way[] = [
  {
    name: 'pub/sub',
    needle: '$7\r\nmessage\r\n',
    setUp: [['SUBSCRIBE', 'bench:revocations']],
    reads: false,
    revoke: publish,
    revokeUser: [publish],
  },
  {
    name: 'tracking, keys that were read',
    needle: invalidated,
    setUp: [['CLIENT', 'TRACKING', 'ON']],
    reads: true,
    revoke: ['DEL', key(0)],
    revokeUser: sessions,
  },
  {
    name: 'tracking, by prefix',
    needle: invalidated,
    setUp: [['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'bench:verdict:']],
    reads: false,
    revoke: ['DEL', key(0)],
    revokeUser: sessions,
  },
];

async function inTurns<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await step(item);
}

async function measure(way: Way, url: string): Promise<string[]> {
  const admin = new Redis(url);
  await admin.flushall();
  const ears = await Promise.all(Array.from({ length: replicas }, () => RespSocket.open(url, way.needle)));
  for (const ear of ears) ear.write(['HELLO', '3'], ...way.setUp);
  const read = async (keys: readonly string[]) => {
    if (!way.reads) return;
    for (const ear of ears) ear.write(...keys.map((name) => ['GET', name]));
    await settled(admin);
  };
  await settled(admin);
  const times: number[] = [];
  for (let round = -500; round < rounds; round += 1) {
    if (way.revoke[0] === 'DEL') {
      const told = way.reads ? [] : ears.map((ear) => ear.more(1));
      await admin.set(key(0), entry);
      await Promise.all(told);
      await read([key(0)]);
    }
    const known = ears.map((ear) => ear.more(1));
    const beganAt = performance.now();
    admin.call(way.revoke[0]!, ...way.revoke.slice(1)).catch(() => {});
    const last = Math.max(...(await Promise.all(known)));
    if (round >= 0) times.push(last - beganAt);
  }
  // What goes on all the time: every replica writes verdicts and reads those of others.
  const before = await state(admin, ears);
  const all = Array.from({ length: verdicts }, (_, number) => key(number));
  for (let from = 0; from < verdicts; from += 1_000) {
    const some = all.slice(from, from + 1_000);
    await Promise.all(some.map((name) => admin.set(name, entry)));
    for (const ear of ears) ear.write(...some.map((name) => ['GET', name]));
    await settled(admin);
  }
  const after = await state(admin, ears);
  const known = ears.map((ear) => ear.more(way.revokeUser.length === 1 ? 1 : sessionsOfUser));
  const userAt = performance.now();
  for (const [command = '', ...args] of way.revokeUser) admin.call(command, ...args).catch(() => {});
  const userMs = Math.max(...(await Promise.all(known))) - userAt;
  for (const ear of ears) ear.close();
  await admin.flushall();
  admin.disconnect();
  times.sort((a, b) => a - b);
  const at = (share: number) => (1_000 * times[Math.floor(times.length * share)]!).toFixed(0);
  return [
    way.name,
    `${at(0.5)} / ${at(0.99)}`,
    userMs.toFixed(2),
    ((after.pushes - before.pushes) / verdicts).toFixed(2),
    ((1e6 * (after.cpuSeconds - before.cpuSeconds)) / verdicts).toFixed(1),
    ((after.bytes - before.bytes) / verdicts).toFixed(0),
  ];
}

/** Everything that was sent before has been answered: connections are served in turns. */
async function settled(admin: Redis): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await admin.ping();
}

async function state(admin: Redis, ears: readonly RespSocket[]) {
  const info = await admin.info();
  const field = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  const cpuSeconds = field('used_cpu_sys') + field('used_cpu_user');
  return { pushes: ears.reduce((sum, { seen }) => sum + seen, 0), cpuSeconds, bytes: field('used_memory') };
}

const redis = await startRedis();
process.on('exit', () => redis.stop());
console.log(
  `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${replicas} replicas`,
);
const table = new Table({
  style: { head: [], border: [] },
  head: [
    '',
    'until the last knows, us (p50 / p99)',
    `user with ${sessionsOfUser} sessions, ms`,
    'keys pushed for each verdict written',
    'CPU of Redis for each, us',
    'memory of Redis for each, bytes',
  ],
});
await inTurns(ways, async (way) => void table.push(await measure(way, redis.url)));
console.log(table.toString());
process.exit(0);
