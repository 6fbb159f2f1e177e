/** Requests and responses over HTTP/2: what a service and a client get, and how each side ends the other. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { block, flags, frame, frameTypes, get, uint32 } from '../../support/http2-frames.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { type Http2World, line, startHttp2World } from './http2-world.ts';

const run = promisify(execFile);
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const kib = 1024;

let world: Http2World;
/** What the service has seen, in order: the start, the end and the loss of each request. */
let seen: string[];
let last: IncomingMessage;
let cut: () => void;

beforeAll(async () => {
  world = await startHttp2World((request, response) => {
    const path = request.url ?? '';
    last = request;
    seen.push(`${request.method} ${path}`);
    request.on('end', () => seen.push(`end ${path}`));
    request.on('close', () => request.complete || seen.push(`cut ${path}`));
    request.on('error', () => {});
    response.on('close', () => response.writableFinished || seen.push(`left ${path}`));
    if (path === '/echo') {
      request.pipe(response);
    } else if (path === '/fields') {
      const fields = [
        'Connection',
        'x-listed',
        'X-Listed',
        '1',
        'X-Kept',
        'Ã©',
        'X-Latin',
        'é',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Upgrade',
        'h2c',
      ];
      response.writeHead(200, [...fields, 'Content-Length', '2']);
      // Node writes the fields as UTF-8 if they leave together with a text.
      response.end(Buffer.from('ok'));
    } else if (path === '/trailers') {
      response.writeHead(200, { trailer: 'user-id' });
      response.write('ok');
      response.addTrailers({ 'user-id': 'root' });
      response.end();
    } else if (path === '/cut') {
      response.writeHead(200);
      response.write('12345');
      cut = () => response.destroy();
    } else if (path.startsWith('/status/')) {
      response.writeHead(Number(path.slice(8)), { etag: '"a"' });
      response.end();
    } else if (path === '/large') {
      response.end(Buffer.alloc(300 * kib, 'a'));
    } else if (path === '/early') {
      response.end('early');
    } else if (path !== '/never') {
      request.resume();
      request.on('end', () => response.end('ok'));
    }
  }, 'unreadTimeout: 1s');
});
beforeEach(() => {
  seen = [];
});
afterAll(() => world.close());

describe('a response', () => {
  test('has no fields of a connection, keeps the order of repeated ones, and a date', async () => {
    const client = await world.open();
    const answer = await client.ask(line('GET', '/fields'));
    expect([answer.status, answer.text()]).toEqual([200, 'ok']);
    expect(answer.headers('set-cookie')).toEqual(['a=1', 'b=2']);
    for (const name of ['connection', 'keep-alive', 'upgrade', 'transfer-encoding', 'x-listed'])
      expect([name, answer.header(name)]).toEqual([name, undefined]);
    expect([answer.header('x-kept'), answer.header('x-latin')]).toEqual(['Ã©', 'é']);
    expect(Date.parse(answer.header('date')!)).toBeGreaterThan(0);
  });

  test.each([
    ['HEAD', '/fields', 200, '2'],
    ['GET', '/status/204', 204, undefined],
    ['GET', '/status/304', 304, undefined],
  ])('to %s %s has no body', async (method, path, status, length) => {
    const client = await world.open();
    const answer = await client.ask(line(method, path));
    expect([answer.status, answer.body.length, answer.header('content-length')]).toEqual([status, 0, length]);
  });

  test('does not carry trailers of the service', async () => {
    const client = await world.open();
    const stream = client.session.request({ ':path': '/trailers' });
    const trailers = vi.fn();
    stream.on('trailers', trailers);
    stream.resume();
    await new Promise((closed) => stream.once('close', closed));
    expect(trailers).not.toHaveBeenCalled();
  });

  test('that the service cuts is a reset, not an end', async () => {
    const client = await world.open();
    const stream = client.session.request({ ':path': '/cut' });
    const failed = new Promise((failing) => stream.once('error', failing));
    const ended = vi.fn();
    stream.on('end', ended);
    stream.once('data', () => cut());
    expect(String(await failed)).toContain('NGHTTP2_INTERNAL_ERROR');
    expect(ended).not.toHaveBeenCalled();
  });

  test('that a client does not read ends in time, while other streams of it go on', async () => {
    // A window of nothing: no byte of a body may be sent.
    const client = await world.frames(Buffer.concat([Buffer.of(0, 4), uint32(0)]));
    const head = block([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a.test'],
      [':path', '/large'],
    ]);
    client.write(frame(frameTypes.headers, flags.endHeaders | flags.endStream, 1, head));
    const reset = await client.find(({ type, stream }) => type === frameTypes.reset && stream === 1);
    expect(reset?.payload.readUInt32BE(0)).toBe(2);
    const empty = block([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a.test'],
      [':path', '/status/204'],
    ]);
    client.write(frame(frameTypes.headers, flags.endHeaders | flags.endStream, 3, empty));
    expect(await client.outcome(3)).toBe('status 204');
    expect(await world.gateway.metrics()).toMatch(/rolegate_connections_ended_total\{limit="unread"\} 1/);
  });
});

describe('a request', () => {
  test('has its cookies in one field, and the method, path and query as they were', async () => {
    const client = await world.open();
    await client.ask(line('DELETE', '/a?b=c', ['cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2', 'x-a', '2']));
    expect(last.rawHeaders.join('|')).toContain('cookie|a=1; b=2');
    expect(last.headers['x-a']).toBe('1, 2');
    expect(seen[0]).toBe('DELETE /a?b=c');
  });

  test.each([
    ['with a length', true],
    ['without one', false],
  ])('of 20 MiB %s comes back as it was sent', async (_name, declared) => {
    const client = await world.open();
    const body = randomBytes(20 * kib * kib);
    const fields = declared ? ['content-length', String(body.length)] : [];
    const answer = await client.ask(line('POST', '/echo', fields), body);
    expect(digest(answer.body)).toBe(digest(body));
  });

  test('a hundred at once on a connection are all answered', async () => {
    const client = await world.open();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => client.ask(line('POST', `/n${at}`), 'abc')),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
  });

  test('with 100-continue is asked for its body', async () => {
    const client = await world.open();
    const stream = client.session.request({ ':method': 'POST', ':path': '/x', expect: '100-continue' });
    await new Promise((continued) => stream.once('continue', continued));
    stream.end('abc');
    stream.resume();
    await new Promise((closed) => stream.once('close', closed));
    expect(seen).toEqual(['POST /x', 'end /x']);
  });

  test.each([
    ['shorter than its length', '5', [frame(frameTypes.data, flags.endStream, 1, Buffer.from('abc'))]],
    ['longer than its length', '2', [frame(frameTypes.data, 0, 1, Buffer.from('abc'))]],
  ])('%s never reaches a service as complete', async (_name, length, data) => {
    const client = await world.frames();
    const head = block([
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', 'a.test'],
      [':path', '/short'],
      ['content-length', length],
    ]);
    client.write(frame(frameTypes.headers, flags.endHeaders, 1, head), ...data);
    // More than the length ends the connection.
    expect(await client.outcome(1)).toMatch(/^(?:reset 1|closed)$/);
    expect(seen.filter((what) => what.startsWith('end'))).toEqual([]);
  });

  test.each([0, 8])(
    'that the client resets with code %i in the middle is cut for the service at once',
    async (code) => {
      const client = await world.frames();
      const head = block([
        [':method', 'POST'],
        [':scheme', 'https'],
        [':authority', 'a.test'],
        [':path', '/never'],
      ]);
      client.write(
        frame(frameTypes.headers, flags.endHeaders, 1, head),
        frame(frameTypes.data, 0, 1, Buffer.alloc(kib)),
      );
      await vi.waitFor(() => expect(seen).toContain('POST /never'));
      client.write(frame(frameTypes.reset, 0, 1, uint32(code)));
      await vi.waitFor(() => expect(seen).toContain('cut /never'));
      expect(seen).not.toContain('end /never');
    },
  );

  test('trailers do not reach a service', async () => {
    const client = await world.frames();
    const head = block([
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', 'a.test'],
      [':path', '/t'],
    ]);
    client.write(
      frame(frameTypes.headers, flags.endHeaders, 1, head),
      frame(frameTypes.data, 0, 1, Buffer.from('abc')),
      frame(frameTypes.headers, flags.endHeaders | flags.endStream, 1, block([['user-id', 'root']])),
    );
    expect(await client.outcome(1)).toBe('status 200');
    expect([last.headers['user-id'], last.rawTrailers]).toEqual([undefined, []]);
  });

  test('whose response came early is not read on', async () => {
    const client = await world.frames();
    const head = block([
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', 'a.test'],
      [':path', '/early'],
    ]);
    client.write(frame(frameTypes.headers, flags.endHeaders, 1, head), frame(frameTypes.data, 0, 1, Buffer.alloc(kib)));
    expect(await client.outcome(1)).toBe('status 200');
    const reset = await client.find(({ type, stream }) => type === frameTypes.reset && stream === 1);
    expect(reset?.payload.readUInt32BE(0)).toBe(0);
  });

  test.each([
    ['too many headers', line('GET', '/x', Array.from({ length: 101 }, (_, at) => [`x-${at}`, '1']).flat()), 431],
    ['headers too large', line('GET', '/x', ['x-a', 'a'.repeat(17 * kib)]), 431],
    ['a long target', line('GET', `/${'a'.repeat(9 * kib)}`), 414],
  ])('%s: refused', async (_name, fields, status) => {
    const client = await world.open();
    const answer = await client.ask(fields);
    expect([answer.status, answer.header('x-error-id')?.length]).toEqual([status, 36]);
    expect(seen).toEqual([]);
  });

  test('far larger headers are not read', async () => {
    const client = await world.frames();
    const fields = Array.from({ length: 40 }, (_, at) => [`x-${at}`, 'a'.repeat(400)] as const);
    const head = get('/x', [...fields, ...fields, ...fields]);
    client.write(frame(frameTypes.headers, flags.endStream, 1, head.subarray(0, 16 * kib)));
    client.write(frame(frameTypes.continuation, 0, 1, head.subarray(16 * kib, 32 * kib)));
    client.write(frame(frameTypes.continuation, flags.endHeaders, 1, head.subarray(32 * kib)));
    expect(await client.outcome(1)).toBe('reset 11');
    expect(seen).toEqual([]);
  });
});

describe('a connection', () => {
  test('of a client without HTTP/2 on the same address is served as before', async () => {
    const options = [
      '-sS',
      '--insecure',
      '--resolve',
      `a.test:${world.gateway.port}:127.0.0.1`,
      '-o',
      '/dev/null',
      '-w',
      '%{http_version} %{http_code}',
    ];
    const ask = async (version: string) =>
      (await run('curl', [version, ...options, `https://a.test:${world.gateway.port}/x`])).stdout;
    expect(await ask('--http2')).toBe('2 200');
    expect(await ask('--http1.1')).toBe('1.1 200');
  });

  test('ends with GOAWAY when the gateway drains, after its open streams', async () => {
    const held: (() => void)[] = [];
    const draining = await startHttp2World((_request, response) => {
      held.push(() => response.end('late'));
    });
    const client = await draining.open();
    const goaway = new Promise((received) => client.session.once('goaway', received));
    const asked = client.ask(line('GET', '/x'));
    await vi.waitFor(() => expect(held).toHaveLength(1));
    const closed = draining.gateway.close();
    await goaway;
    held[0]!();
    expect((await asked).text()).toBe('late');
    await closed;
    await draining.close();
  });

  test('that is idle ends with GOAWAY', async () => {
    const idle = await startHttp2World((_request, response) => response.end(), 'keepAliveTimeout: 1s');
    const client = await idle.open();
    expect((await client.ask(line('GET', '/x'))).status).toBe(200);
    const goaway = await new Promise((received) => client.session.once('goaway', received));
    expect(goaway).toBe(0);
    await new Promise((closed) => client.session.once('close', closed));
    await idle.close();
  });

  test('needs TLS', async () => {
    const text = 'version: 1\nserver: { listen: [{ address: ":0", http2: true }] }\nroutes: []\n';
    await expect(startGateway(text)).rejects.toThrow('clients use HTTP/2 only with TLS');
  });
});
