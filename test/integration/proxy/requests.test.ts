/** What the upstream receives: headers, framing, and only decided requests. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { openRaw, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { goodToken } from '../../support/running-proxy.ts';

const start = useProxiedUpstream();

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: api.test', ...headers, '', ''].join('\r\n');

describe('the request line', () => {
  it.each([
    ['query kept as received', '/a?x=%2e%2E&y=a+b', '/a?x=%2e%2E&y=a+b'],
    ['canonical path', '/a/./b/../%7Ec//d', '/a/~c/d'],
    ['absolute form', 'http://api.test/a?b', '/a?b'],
  ])('%s', async (_name, target, forwarded) => {
    const { port, upstream } = await start();
    expect((await sendRaw(port, get(target))).status).toBe(200);
    expect(upstream.last().target).toBe(forwarded);
  });

  it('is rewritten by the route', async () => {
    const { port, upstream } = await start({ route: { rewrite: { stripPrefix: '/v1', addPrefix: '/api' } } });
    await sendRaw(port, get('/v1/orders?x'));
    expect(upstream.last().target).toBe('/api/orders?x');
  });

  it.each(['PUT', 'PROPFIND', 'OPTIONS'])('keeps the method %s', async (method) => {
    const { port, upstream } = await start();
    await sendRaw(port, get('/a').replace('GET', method));
    expect(upstream.last().method).toBe(method);
  });
});

describe('headers of the request', () => {
  it('carry the identity, whatever the client sent or listed in Connection', async () => {
    const { port, upstream } = await start({ access: ['user'] });
    const answer = await sendRaw(
      port,
      get(
        '/a',
        `Authorization: Bearer ${goodToken}`,
        'User-Id: root',
        'user_id: root',
        'GROUPS: admins',
        'Connection: keep-alive, user-id, groups, x-secret, host, x-forwarded-for',
        'X-Secret: 1',
        'X-Kept: 1',
      ),
    );
    expect(answer.status).toBe(200);
    const request = upstream.last();
    expect(request.header('user-id')).toEqual(['ann']);
    expect(request.header('user_id')).toEqual([]);
    expect(request.header('groups')).toEqual(['acme,beta']);
    expect(request.header('authorization')).toEqual([]);
    expect(request.header('x-secret')).toEqual([]);
    expect(request.header('x-kept')).toEqual(['1']);
    expect(request.header('host')).toEqual(['api.test']);
    expect(request.header('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(request.header('connection')).toEqual(['keep-alive']);
  });

  it('carry no identity of the client on a public route either', async () => {
    const { port, upstream } = await start();
    await sendRaw(port, get('/a', 'User-Id: root', 'x-forwarded-for: 6.6.6.6', 'x-real-ip: 6.6.6.6'));
    expect(upstream.last().header('user-id')).toEqual([]);
    expect(upstream.last().header('x-real-ip')).toEqual(['127.0.0.1']);
  });

  it('continue the chain of a trusted proxy', async () => {
    const { port, upstream, proxy } = await start({ trustedProxies: (address) => address === '127.0.0.1' });
    await sendRaw(port, get('/a', 'x-forwarded-for: 203.0.113.7', 'x-forwarded-proto: https', 'x-request-id: abc'));
    const request = upstream.last();
    expect(request.header('x-forwarded-for')).toEqual(['203.0.113.7, 127.0.0.1']);
    expect(request.header('x-forwarded-proto')).toEqual(['https']);
    expect(request.header('x-request-id')).toEqual(['abc']);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ client: '203.0.113.7', requestId: 'abc' });
  });

  it('have no hop-by-hop headers and no upgrade except WebSocket', async () => {
    const { port, upstream } = await start();
    const answer = await sendRaw(
      port,
      get('/a', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMA', 'TE: trailers'),
    );
    expect(answer.status).toBe(200);
    for (const name of ['upgrade', 'http2-settings', 'te']) expect(upstream.last().header(name)).toEqual([]);
  });

  it("get the target's Host when an HTTP/1.0 client sends none", async () => {
    const { port, upstream } = await start();
    expect((await sendRaw(port, 'GET /a HTTP/1.0\r\n\r\n')).status).toBe(200);
    expect(upstream.last().header('host')).toEqual([upstream.origin.slice(7)]);
  });
});

describe('the framing of the request', () => {
  const hidden = 'GET /admin HTTP/1.1\r\nHost: api.test\r\n\r\n';

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST'])('is chunked again for a chunked %s', async (method) => {
    const { port, upstream } = await start();
    const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    const head = `${method} /a HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const { answers } = await sendRawUntilClose(port, head + chunk);
    expect(answers[0]?.status).toBe(200);
    expect(upstream.requests.map(({ method: seen, target }) => `${seen} ${target}`)).toEqual([`${method} /a`]);
    expect(upstream.last().body.toString()).toBe(hidden);
    expect(upstream.last().complete).toBe(true);
  });

  it.each(['GET', 'DELETE', 'OPTIONS', 'POST'])('keeps the length of a %s with one', async (method) => {
    const { port, upstream } = await start();
    const head = `${method} /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: ${hidden.length}\r\n\r\n`;
    const connection = await openRaw(port);
    connection.write(head + hidden);
    expect((await connection.answer(method)).status).toBe(200);
    // The next request of the same client, and of others on the same upstream connection, is parsed correctly.
    connection.write(get('/next'));
    expect((await connection.answer()).status).toBe(200);
    connection.destroy();
    expect(upstream.requests.map(({ method: seen, target }) => `${seen} ${target}`)).toEqual([
      `${method} /a`,
      'GET /next',
    ]);
    expect(upstream.requests[0]?.header('content-length')).toEqual([String(hidden.length)]);
  });

  it.each([
    ['GET', 'Content-Length: 0', []],
    ['POST', 'Content-Length: 0', ['0']],
  ])('of an empty %s has no body', async (method, header, lengths) => {
    const { port, upstream } = await start();
    await sendRaw(port, get('/a', header).replace('GET', method));
    expect(upstream.last().header('content-length')).toEqual(lengths);
    expect(upstream.last().header('transfer-encoding')).toEqual([]);
  });

  it('carries no trailers', async () => {
    const { port, upstream } = await start();
    const head = 'POST /a HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\nTrailer: User-Id\r\n\r\n';
    await sendRaw(port, `${head}1\r\nx\r\n0\r\nUser-Id: root\r\n\r\n`);
    expect(upstream.last().body.toString()).toBe('x');
    expect(upstream.last().rawTrailers).toEqual([]);
    expect(upstream.last().header('trailer')).toEqual([]);
  });

  it('aborts and never ends a body with malformed chunks', async () => {
    const { port, upstream, proxy } = await start({ route: { bodyBufferBytes: 0 } });
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await vi.waitFor(() => expect(upstream.requests[0]?.body.toString()).toBe('abc'));
    connection.write('zz\r\n');
    const answer = await connection.answer('POST');
    expect(answer.status).toBe(400);
    expect(answer.header('x-error-id')).toBeDefined();
    expect(answer.header('connection')).toBe('close');
    await connection.closed();
    await vi.waitFor(() => expect(upstream.requests[0]?.aborted).toBe(true));
    expect(upstream.requests[0]?.complete).toBe(false);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ reason: 'request_malformed', status: 400 });
  });
});

describe('Expect: 100-continue', () => {
  const head = 'POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n';

  it('is honored once the request is allowed', async () => {
    const { port, upstream } = await start({ access: ['user'] });
    const connection = await openRaw(port);
    connection.write(`${head}Authorization: Bearer ${goodToken}\r\n\r\n`);
    await vi.waitFor(() => expect(connection.unread().toString()).toContain('100 Continue'));
    connection.write('hello');
    expect((await connection.answer('POST')).status).toBe(200);
    expect(connection.interim.map(({ status }) => status)).toEqual([100]);
    connection.destroy();
    expect(upstream.last().header('expect')).toEqual([]);
    expect(upstream.last().body.toString()).toBe('hello');
  });

  it('is not honored when the request is refused, and the connection is closed', async () => {
    const { port, upstream } = await start({ access: ['user'] });
    const { answers } = await sendRawUntilClose(port, `${head}\r\n`);
    expect(answers.map(({ status }) => status)).toEqual([401]);
    expect(upstream.requests).toHaveLength(0);
  });

  it.each(['something-else', '100-continue, more'])('%s is 417', async (expectation) => {
    const { port, upstream } = await start();
    const answer = await sendRaw(port, get('/a', `Expect: ${expectation}`));
    expect(answer.status).toBe(417);
    expect(answer.header('x-error-id')).toBeDefined();
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('the limit on bodies', () => {
  it('refuses a declared length before anything is forwarded', async () => {
    const { port, upstream } = await start({ route: { maxBodyBytes: 4 } });
    const answer = await sendRaw(port, 'POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\n\r\nhello');
    expect(answer.status).toBe(413);
    expect(upstream.requests).toHaveLength(0);
  });

  it('aborts a chunked body that grows beyond it', async () => {
    const { port, upstream } = await start({ route: { maxBodyBytes: 4, bodyBufferBytes: 0 } });
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n');
    await vi.waitFor(() => expect(upstream.requests[0]?.body.toString()).toBe('abcd'));
    connection.write('1\r\ne\r\n');
    expect((await connection.answer('POST')).status).toBe(413);
    await connection.closed();
    await vi.waitFor(() => expect(upstream.requests[0]?.aborted).toBe(true));
    expect(upstream.requests[0]?.complete).toBe(false);
  });

  it('accepts a body of exactly that size', async () => {
    const { port, upstream } = await start({ route: { maxBodyBytes: 5 } });
    const answer = await sendRaw(port, 'POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\n\r\nhello');
    expect(answer.status).toBe(200);
    expect(upstream.last().body.toString()).toBe('hello');
  });
});

describe('several requests on one connection', () => {
  it('get responses in order, each with its own identity', async () => {
    const { port, upstream } = await start(
      { access: 'optional' },
      {
        answer: async (request) => {
          // The second request does not start before the first has its response.
          if (request.target === '/slow') await setTimeout(50);
          expect(upstream.requests).toHaveLength(request.target === '/slow' ? 1 : 2);
          return { body: `${request.target} ${request.header('user-id').join()}` };
        },
      },
    );
    const connection = await openRaw(port);
    connection.write(get('/slow', `Authorization: Bearer ${goodToken}`) + get('/fast'));
    expect((await connection.answer()).text()).toBe('/slow ann');
    expect((await connection.answer()).text()).toBe('/fast ');
    connection.destroy();
  });
});
