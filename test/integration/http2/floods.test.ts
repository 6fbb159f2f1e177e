/** Clients that spend little to make the gateway spend much: others are answered within a second, and nothing of them stays. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FrameClient, flags, frame, frameTypes, get, uint32 } from '../../support/http2-frames.ts';
import { type Http2World, line, startHttp2World } from './http2-world.ts';

const ends = flags.endHeaders | flags.endStream;
let world: Http2World;

beforeEach(async () => {
  world = await startHttp2World((request, response) => {
    request.resume();
    if (request.url === '/x') response.end('ok');
  }, 'unreadTimeout: 1s');
});
afterEach(() => world.close());

/** Writes batches until the connection is closed, or for `ms`. Returns how many were written. */
async function flood(client: FrameClient, ms: number, batchOf: (round: number) => Buffer): Promise<number> {
  const end = performance.now() + ms;
  let round = 0;
  while (!client.closed && performance.now() < end) {
    const batch = batchOf(round);
    round += 1;
    if (!client.socket.write(batch))
      await Promise.race([new Promise((drained) => client.socket.once('drain', drained)), client.find(() => false)]);
    else await new Promise((next) => setImmediate(next));
  }
  return round;
}

/** The slowest response to another client, while it goes on. */
async function slowestMeanwhile(going: Promise<unknown>): Promise<number> {
  const other = await world.open();
  let over = false;
  void going.then(() => {
    over = true;
  });
  let slowest = 0;
  do {
    const before = performance.now();
    expect((await other.ask(line('GET', '/x'))).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - before);
  } while (!over);
  other.close();
  return slowest;
}

/** Streams of a round, each with the frames that `framesOf` returns. */
function streams(round: number, count: number, framesOf: (stream: number) => Buffer[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, at) => framesOf((round * count + at) * 2 + 1)).flat());
}

const reset = (stream: number, code: number) => frame(frameTypes.reset, 0, stream, uint32(code));
const head = (stream: number, path = '/never') => frame(frameTypes.headers, ends, stream, get(path));

describe.each<[name: string, batchOf: (round: number) => Buffer, closes: boolean]>([
  ['streams that are reset', (round) => streams(round, 50, (id) => [head(id), reset(id, 8)]), true],
  ['streams that are reset without an error', (round) => streams(round, 50, (id) => [head(id), reset(id, 0)]), true],
  [
    'streams that we must reset',
    (round) => streams(round, 50, (id) => [head(id), frame(frameTypes.window, 0, id, uint32(0))]),
    true,
  ],
  [
    'streams that depend on themselves',
    (round) =>
      streams(round, 50, (id) => [
        head(id),
        frame(frameTypes.priority, 0, id, Buffer.concat([uint32(id), Buffer.of(1)])),
      ]),
    true,
  ],
  ['PING', () => Buffer.concat(Array.from({ length: 50 }, () => frame(frameTypes.ping, 0, 0, Buffer.alloc(8)))), true],
  ['SETTINGS', () => Buffer.concat(Array.from({ length: 50 }, () => frame(frameTypes.settings, 0, 0))), true],
  [
    'CONTINUATION',
    (round) =>
      Buffer.concat([
        ...(round === 0 ? [frame(frameTypes.headers, flags.endStream, 1, get('/x'))] : []),
        ...Array.from({ length: 50 }, () => frame(frameTypes.continuation, 0, 1)),
      ]),
    true,
  ],
  [
    'CONTINUATION with fields',
    (round) =>
      Buffer.concat([
        ...(round === 0 ? [frame(frameTypes.headers, flags.endStream, 1, get('/x'))] : []),
        ...Array.from({ length: 10 }, () =>
          frame(
            frameTypes.continuation,
            0,
            1,
            Buffer.concat([Buffer.of(0, 1), Buffer.from('a'), Buffer.of(1), Buffer.from('b')]),
          ),
        ),
      ]),
    true,
  ],
  [
    'empty DATA',
    (round) =>
      Buffer.concat([
        ...(round === 0 ? [frame(frameTypes.headers, flags.endHeaders, 1, get('/never'))] : []),
        ...Array.from({ length: 50 }, () => frame(frameTypes.data, 0, 1)),
      ]),
    true,
  ],
  [
    'PRIORITY',
    (round) =>
      streams(round, 50, (id) => [frame(frameTypes.priority, 0, id, Buffer.concat([uint32(0), Buffer.of(1)]))]),
    false,
  ],
  [
    'WINDOW_UPDATE',
    () => Buffer.concat(Array.from({ length: 50 }, () => frame(frameTypes.window, 0, 0, uint32(1)))),
    false,
  ],
])('%s', (_name, batchOf, closes) => {
  test('in a flood: others are answered, and nothing stays', async () => {
    // What the first request of a process costs belongs to no flood.
    const first = await world.open();
    await first.ask(line('GET', '/x'));
    const client = await world.frames();
    const before = process.memoryUsage().rss;
    const going = flood(client, 2_000, batchOf);
    expect(await slowestMeanwhile(going)).toBeLessThan(1_000);
    if (closes) await vi.waitFor(() => expect(client.closed).toBe(true), 2_000);
    await client.end();
    await vi.waitFor(
      async () => expect(await world.gateway.metrics()).toMatch(/rolegate_requests_in_flight 0\n/),
      5_000,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});

test('resets of a client count over all of its connections', async () => {
  const batch = (round: number) => streams(round, 20, (id) => [head(id), reset(id, 8)]);
  let closed = 0;
  for (let at = 0; at < 6; at += 1) {
    const client = await world.frames();
    // Far fewer than one connection may have.
    for (let round = 0; round < 15 && !client.closed; round += 1) {
      client.write(batch(round), frame(frameTypes.ping, 0, 0, Buffer.alloc(8, round)));
      await client.find(({ type, payload }) => type === frameTypes.ping && payload[0] === round);
    }
    if (client.closed) closed += 1;
    await client.end();
  }
  expect(closed).toBeGreaterThanOrEqual(2);
});

test('bodies that wait are charged to their client, and given back', async () => {
  const small = await startHttp2World((request) => request.pause(), 'bodyMemory: 1mb');
  const client = await small.open();
  const asked = Array.from({ length: 8 }, () => {
    const stream = client.session.request({ ':method': 'POST', ':path': '/held' });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(1024));
    return new Promise<number>((answered) =>
      stream.once('response', (headers) => answered(Number(headers[':status']))),
    ).then((status) => [stream, status] as const);
  });
  // A quarter of the memory is 256 KiB: four windows.
  const refused = await Promise.race(asked);
  expect(refused[1]).toBe(503);
  await small.close();
});

test('a client that does not read its socket loses its streams, and then its connection', async () => {
  const stuck = await startHttp2World(
    (_request, response) => response.end(Buffer.alloc(1024 * 1024, 'a')),
    'unreadTimeout: 1s, keepAliveTimeout: 1s',
  );
  const huge = Buffer.concat([Buffer.of(0, 4), uint32(2 ** 31 - 1)]);
  const client = await stuck.frames(huge);
  client.write(frame(frameTypes.window, 0, 0, uint32(2 ** 31 - 65_536)));
  client.socket.pause();
  for (let at = 0; at < 50; at += 1) client.write(head(at * 2 + 1, '/x'));
  await vi.waitFor(
    async () =>
      expect(await stuck.gateway.metrics()).toMatch(/rolegate_connections_ended_total\{limit="unread"\} [1-9]/),
    8_000,
  );
  await vi.waitFor(async () => expect(await stuck.gateway.metrics()).toMatch(/rolegate_requests_in_flight 0\n/), 8_000);
  await vi.waitFor(async () => expect(await stuck.gateway.metrics()).toMatch(/rolegate_connections_open 0\n/), 8_000);
  await stuck.close();
});
