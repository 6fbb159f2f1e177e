/** Limits on what one client may use: connections, requests, slow bodies, places at an upstream. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { openRaw, type RawAnswer, type RawConnection, sendRaw } from '../../support/raw-client.ts';
import type { ProxySetup } from '../../support/running-proxy.ts';

const start = useProxiedUpstream();
const clients: RawConnection[] = [];
// Before the proxy closes, in reverse order.
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function open(port: number): Promise<RawConnection> {
  const client = await openRaw(port);
  clients.push(client);
  return client;
}

const get = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (length: number, body: string) =>
  `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
const as = (address: string, bytes: string) => bytes.replace('Host: a', `Host: a\r\nX-Forwarded-For: ${address}`);
const codeOf = (answer: RawAnswer) => JSON.parse(answer.text()).code;
/** Every peer is a trusted proxy, so a test can act as several clients. */
const trusting = { trustedProxies: (address: string) => address === '127.0.0.1' };

describe('connections', () => {
  it('of one client are bounded, and available again after they close', async () => {
    const { port, proxy } = await start({ limits: { connectionsPerClient: 2 } });
    const [one, two] = [await open(port), await open(port)];
    const third = await open(port);
    await third.closed();
    expect(proxy.proxy.load().refusedConnections).toEqual({ total: 0, client: 1 });
    one.destroy();
    await vi.waitFor(() => expect(proxy.proxy.connections()).toBe(1));
    expect((await sendRaw(port, get)).status).toBe(200);
    two.write(get);
    expect((await two.answer()).status).toBe(200);
  });

  it('of a trusted proxy are not bounded per client', async () => {
    const { port } = await start({ limits: { connectionsPerClient: 1 }, ...trusting });
    for (const client of [await open(port), await open(port)]) {
      client.write(get);
      expect((await client.answer()).status).toBe(200);
    }
  });

  it('are bounded in total, and those beyond are counted', async () => {
    const { port, proxy } = await start({ limits: { connections: 1 } });
    await open(port);
    const second = connect(port, '127.0.0.1');
    second.on('error', () => {});
    await once(second, 'close');
    await vi.waitFor(() => expect(proxy.proxy.load().refusedConnections).toEqual({ total: 1, client: 0 }));
  });
});

describe('requests on one connection', () => {
  it('are bounded: the last response announces the close', async () => {
    const { port, upstream } = await start({ limits: { requestsPerConnection: 2 } });
    const client = await open(port);
    client.write(get);
    expect((await client.answer()).header('connection')).toBe('keep-alive');
    client.write(get + get);
    expect((await client.answer()).header('connection')).toBe('close');
    expect(await client.closed()).toBe('end');
    expect(client.unread()).toHaveLength(0);
    expect(upstream.requests).toHaveLength(2);
  });

  it('are bounded for refusals too', async () => {
    const { port } = await start({ limits: { requestsPerConnection: 1 }, access: 'authenticated' });
    const client = await open(port);
    client.write(get);
    expect((await client.answer()).header('connection')).toBe('close');
    await client.closed();
  });
});

describe('a slow body', () => {
  it('does not reach the upstream before its first part is complete', async () => {
    const { port, upstream, proxy } = await start();
    const slow = await open(port);
    slow.write(post(10, 'hello'));
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(5));
    expect((await sendRaw(port, get)).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    slow.write('world');
    expect((await slow.answer('POST')).status).toBe(200);
    expect(upstream.last().body.toString()).toBe('helloworld');
    expect(upstream.last().header('content-length')).toEqual(['10']);
    expect(proxy.proxy.load().bufferedBytes).toBe(0);
  });

  it('occupies no upstream connection, however many clients do it', async () => {
    const { port, proxy } = await start({ upstream: { connections: 4, requestsPerClient: 4 } });
    for (let i = 0; i < 40; i += 1) (await open(port)).write(post(100, 'x'));
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(40));
    expect(proxy.proxy.load().upstreams).toMatchObject([{ inFlight: 0, waiting: 0, streams: 0 }]);
    expect((await sendRaw(port, get)).status).toBe(200);
  });

  it('control: without a body buffer it does', async () => {
    const { port } = await start({
      upstream: { connections: 4, requestsPerClient: 4, queue: { length: 10, waitMs: 200 } },
      route: { bodyBufferBytes: 0 },
    });
    for (let i = 0; i < 4; i += 1) (await open(port)).write(post(100, 'x'));
    expect((await sendRaw(port, get)).status).toBe(429);
  });

  it('is streamed once its first part has arrived', async () => {
    const { port, upstream, proxy } = await start({ route: { bodyBufferBytes: 4 } });
    const client = await open(port);
    client.write(post(10, 'hello'));
    await vi.waitFor(() => expect(upstream.requests[0]?.body.toString()).toBe('hello'));
    expect(proxy.proxy.load().bufferedBytes).toBe(0);
    client.write('world');
    expect((await client.answer('POST')).status).toBe(200);
    expect(upstream.last().body.toString()).toBe('helloworld');
  });

  it.each([
    ['with a known length', 'Content-Length: 200000', (body: string) => body],
    [
      'with chunks',
      'Transfer-Encoding: chunked',
      (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('that is long arrives completely: %s', async (_name, framing, framed) => {
    const { port, upstream } = await start();
    const body = Array.from({ length: 20_000 }, (_, i) => `${i}`.padStart(10, '.')).join('');
    const answer = await sendRaw(port, `POST /a HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${framed(body)}`);
    expect(answer.status).toBe(200);
    expect(upstream.last().body.toString()).toBe(body);
  });

  it.each([
    ['while the first part is awaited', 64 * 1024],
    ['while it is streamed', 0],
  ])('below the minimum rate is 408: %s', async (_name, bodyBufferBytes) => {
    const { port, proxy } = await start({
      route: { bodyRate: 100, bodyBufferBytes },
      limits: { bodyGraceMs: 300 },
    });
    const client = await open(port);
    client.write(post(1_000, ''));
    const trickle = setInterval(() => client.write('x'), 50);
    try {
      const answer = await client.answer('POST');
      expect([answer.status, codeOf(answer)]).toEqual([408, 'request_timeout']);
    } finally {
      clearInterval(trickle);
    }
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ reason: 'request_timeout' }), 5_000);
  });

  it('at the minimum rate is served, however long it takes', async () => {
    const { port, upstream } = await start({
      route: { bodyRate: 100, bodyBufferBytes: 0 },
      limits: { bodyGraceMs: 300 },
    });
    const client = await open(port);
    client.write(post(1_000, ''));
    for (let i = 0; i < 10; i += 1) {
      client.write('x'.repeat(100));
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    expect((await client.answer('POST')).status).toBe(200);
    expect(upstream.last().body).toHaveLength(1_000);
  });

  it('does not count while the upstream delays the client', async () => {
    const { port } = await start(
      { route: { bodyRate: 10_000, bodyBufferBytes: 0, timeoutMs: 8_000 }, limits: { bodyGraceMs: 1_000 } },
      {
        answerAt: 'headers',
        answer: async (_request, { request, response }) => {
          request.pause();
          await new Promise((resolve) => setTimeout(resolve, 2_500));
          request.resume();
          await once(request, 'end');
          response.end('all of it');
          return undefined;
        },
      },
    );
    const client = await open(port);
    client.write(post(30_000_000, ''));
    client.socket.write(Buffer.alloc(30_000_000));
    expect((await client.answer('POST')).text()).toBe('all of it');
  });

  it('uses bounded memory: beyond it, new bodies are refused', async () => {
    const { port } = await start({ limits: { bodyMemoryBytes: 40_000 }, ...trusting });
    for (let i = 0; i < 4; i += 1) (await open(port)).write(post(50_000, 'x'.repeat(10_000)));
    await vi.waitFor(async () => {
      const answer = await sendRaw(port, post(4, 'abcd'));
      expect([answer.status, answer.header('retry-after')]).toEqual([503, '1']);
      expect(codeOf(answer)).toBe('overloaded');
    });
    expect((await sendRaw(port, get)).status).toBe(200);
  });

  it('gets a quarter of that memory for one client', async () => {
    const { port, proxy } = await start({ limits: { bodyMemoryBytes: 40_000 } });
    (await open(port)).write(post(50_000, 'x'.repeat(10_000)));
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(10_000));
    const answer = await sendRaw(port, post(4, 'abcd'));
    expect([answer.status, codeOf(answer)]).toEqual([429, 'client_busy']);
  });

  it('releases its memory when its client disconnects', async () => {
    const { port, proxy } = await start();
    const client = await open(port);
    client.write(post(100, 'hello'));
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(5));
    client.destroy();
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0));
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(0));
  });
});

describe('a busy upstream', () => {
  /** An upstream that responds on command. */
  async function held(setup: Partial<ProxySetup>) {
    const waiting: (() => void)[] = [];
    const started = await start(
      { ...setup, ...trusting },
      {
        answer: async ({ target }) => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          return { body: target };
        },
      },
    );
    const answerAll = () => {
      for (const answer of waiting.splice(0)) answer();
    };
    return { ...started, waiting, answerAll };
  }

  it('queues requests, and serves them in order', async () => {
    const { port, waiting, answerAll, proxy, upstream } = await held({ upstream: { connections: 1 } });
    const all: RawConnection[] = [];
    for (const name of ['a', 'b', 'c']) {
      const client = await open(port);
      client.write(get.replace('/a', `/${name}`));
      all.push(client);
      await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(all.length));
    }
    expect(proxy.proxy.load().upstreams).toMatchObject([{ inFlight: 1, waiting: 2, streams: 0 }]);
    for (const client of all) {
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      answerAll();
      expect((await client.answer()).status).toBe(200);
    }
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/a', '/b', '/c']);
    expect(proxy.proxy.load().upstreams).toMatchObject([{ inFlight: 0, waiting: 0, streams: 0 }]);
  });

  it('does not queue a client beyond its bound, and serves others', async () => {
    const { port, waiting, answerAll, proxy } = await held({ upstream: { connections: 4, requestsPerClient: 2 } });
    const mine: RawConnection[] = [];
    for (let i = 0; i < 4; i += 1) {
      const client = await open(port);
      client.write(as('203.0.113.1', get));
      mine.push(client);
    }
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 2, waiting: 2 }));
    const other = await open(port);
    other.write(as('203.0.113.2', get));
    await vi.waitFor(() => expect(waiting).toHaveLength(3));
    answerAll();
    expect((await other.answer()).status).toBe(200);
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    answerAll();
    for (const client of mine) expect((await client.answer()).status).toBe(200);
  });

  it.each([
    ['an IPv6 network is one client', '2001:db8::1', '2001:db8::2', 1],
    ['two IPv6 networks are two', '2001:db8:0:1::1', '2001:db8:0:2::1', 2],
    ['two IPv4 addresses are two', '203.0.113.1', '203.0.113.2', 2],
  ])('%s', async (_name, one, other, inFlight) => {
    const { port, proxy, answerAll } = await held({ upstream: { connections: 4, requestsPerClient: 1 } });
    (await open(port)).write(as(one, get));
    (await open(port)).write(as(other, get));
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight, waiting: 2 - inFlight }));
    answerAll();
  });

  it('refuses only the client that fills half of the queue', async () => {
    const { port, proxy, answerAll } = await held({
      upstream: { connections: 4, requestsPerClient: 1, queue: { length: 4, waitMs: 5_000 } },
    });
    for (let i = 0; i < 3; i += 1) (await open(port)).write(as('203.0.113.1', get));
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 1, waiting: 2 }));
    const answer = await sendRaw(port, as('203.0.113.1', get));
    expect([answer.status, codeOf(answer), answer.header('retry-after')]).toEqual([429, 'client_busy', '1']);
    (await open(port)).write(as('203.0.113.2', get));
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 2 }));
    answerAll();
  });

  it('causes no look-ups while every queue is full', async () => {
    const { port, proxy, answerAll } = await held({
      upstream: { connections: 1, queue: { length: 2, waitMs: 5_000 } },
      access: 'authenticated',
    });
    const authorized = get.replace('Host: a', 'Host: a\r\nAuthorization: Bearer good-token');
    for (let i = 0; i < 3; i += 1) (await open(port)).write(authorized);
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 1, waiting: 2 }));
    expect(codeOf(await sendRaw(port, authorized))).toBe('upstream_busy');
    // From here on without a decision: an unknown client gets the same response.
    expect(codeOf(await sendRaw(port, get))).toBe('upstream_busy');
    expect(proxy.records.at(-1)).toMatchObject({ decision: null, reason: 'upstream_busy' });
    answerAll();
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]!.waiting).toBe(1));
    expect(codeOf(await sendRaw(port, get))).toBe('credential_missing');
    answerAll();
  });

  it('drops requests of clients that disconnect in the queue', async () => {
    const { port, proxy, answerAll, upstream } = await held({ upstream: { connections: 1 } });
    (await open(port)).write(get);
    const second = await open(port);
    second.write(get.replace('/a', '/left'));
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 1, waiting: 1 }));
    second.destroy();
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 1, waiting: 0 }));
    answerAll();
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams[0]).toMatchObject({ inFlight: 0 }));
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/a']);
  });
});

it('clients that disconnect at any moment leave nothing behind', async () => {
  const { port, proxy, upstream } = await start(
    { upstream: { connections: 3, requestsPerClient: 2, queue: { length: 20, waitMs: 300 } }, ...trusting },
    {
      answerAt: 'headers',
      answer: async ({ target }, { request }) => {
        request.resume();
        await new Promise((resolve) => setTimeout(resolve, Number(target.slice(1)) % 40));
        return { body: target };
      },
    },
  );
  const left: Promise<unknown>[] = [];
  const surelyHeard: string[] = [];
  for (let i = 0; i < 300; i += 1) {
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.resume();
    left.push(once(client, 'close'));
    const address = `203.0.113.${i % 5}`;
    const bytes = i % 3 === 0 ? get : post(i % 2 === 0 ? 5 : 100_000, 'hello');
    // A reset discards unread bytes; after any other end they still arrive.
    if (i % 4 !== 1) surelyHeard.push(`/${i}`);
    client.write(as(address, bytes.replace('/a', `/${i}`)), () =>
      setTimeout(
        () => (i % 4 === 0 ? client.end() : i % 4 === 1 ? client.resetAndDestroy() : client.destroy()),
        i % 50,
      ),
    );
  }
  await Promise.all(left);
  await vi.waitFor(() => expect(proxy.proxy.connections()).toBe(0), 8_000);
  // Each request has one record: those that certainly arrived, and any others that reached the upstream.
  const recorded = proxy.records.map(({ path }) => path);
  expect(new Set(recorded).size).toBe(recorded.length);
  expect(recorded).toEqual(expect.arrayContaining(surelyHeard));
  expect(recorded).toEqual(expect.arrayContaining(upstream.requests.map(({ target }) => target)));
  expect(recorded.length).toBeGreaterThan(surelyHeard.length);
  await vi.waitFor(() =>
    expect(proxy.proxy.load()).toMatchObject({
      bufferedBytes: 0,
      openStreams: 0,
      upstreams: [{ inFlight: 0, waiting: 0 }],
    }),
  );
  expect([proxy.proxy.inFlight, proxy.wheel.size]).toEqual([0, 0]);
  // Every place is free again, for every client.
  upstream.clear();
  const again = await Promise.all(
    Array.from({ length: 10 }, (_, i) => sendRaw(port, as(`203.0.113.${i % 5}`, get.replace('/a', '/0')))),
  );
  expect(again.map(({ status }) => status)).toEqual(Array(10).fill(200));
});

describe('a client that half-closes', () => {
  it.each([
    ['right after its request', 0],
    ['while the response is pending', 100],
  ])('%s still gets its response', async (_name, delayMs) => {
    const { port, proxy } = await start(
      {},
      {
        answer: async (_request, { response }) => {
          response.writeHead(200);
          for (const word of ['one ', 'two ', 'three']) {
            response.write(word);
            await new Promise((resolve) => setTimeout(resolve, 80));
          }
          response.end();
          return undefined;
        },
      },
    );
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    client.write(get);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    client.end();
    await once(client, 'end');
    client.destroy();
    expect(text).toContain('three');
    expect(text.endsWith('0\r\n\r\n')).toBe(true);
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ status: 200, aborted: false }));
  });

  it('is not waited for', async () => {
    const { port, upstream, proxy } = await start({}, { answer: () => undefined });
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => {});
    client.end(get);
    await once(client.resume(), 'close');
    await vi.waitFor(() => expect(upstream.requests[0]?.aborted).toBe(true));
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ aborted: true, status: 0 }));
  });
});
