/**
 * Every response of the gateway itself, including those that Node would send: each has the two error headers, and none
 * leaks details.
 */
import { describe, expect, it, vi } from 'vitest';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { openRaw, type RawAnswer, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { goodToken } from '../../support/running-proxy.ts';

const start = useProxiedUpstream();

const request = (line: string, ...headers: string[]) => [line, 'Host: api.test', ...headers, '', ''].join('\r\n');
const get = request('GET /a HTTP/1.1');

function expectRefusal(answer: RawAnswer | undefined, status: number, code: string): void {
  expect(answer?.status).toBe(status);
  expect(answer?.complete).toBe(true);
  expect(answer?.header('content-type')).toBe('application/problem+json');
  expect(answer?.header('cache-control')).toBe('no-store');
  expect(answer?.header('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(answer?.header('x-error-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(answer?.header('date')).toBeDefined();
  const body = JSON.parse(answer!.text());
  expect(body).toMatchObject({ status, code, errorId: answer?.header('x-error-id'), title: answer?.header('x-error') });
}

describe('bytes that are not valid HTTP', () => {
  const chunked = (rest: string) => `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`;

  it.each([
    ['not HTTP', 'HELLO\r\n\r\n'],
    ['TLS on the plain port', Buffer.from('16030100c8010000c40303', 'hex')],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/2.0 in a request line', 'GET /a HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['HTTP/0.9', 'GET /a\r\n\r\n'],
    [
      'length and chunks',
      'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['the same length twice', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
    ['a signed length', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello'],
    ['a list of lengths', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello'],
    ['a hex length', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello'],
    ['a space before the colon', 'GET /a HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a folded line', 'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n'],
    ['bare CR', 'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n'],
    ['bare LF', 'GET /a HTTP/1.1\nHost: a\n\n'],
    ['a NUL in a value', 'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\x002\r\n\r\n'],
    ['a header without a name', 'GET /a HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n'],
    [
      'chunked in another place than last',
      'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    ],
    ['an invalid chunk size', chunked('5;x\rhello\r\n0\r\n\r\n')],
    ['a negative chunk size', chunked('-1\r\nhello\r\n0\r\n\r\n')],
  ])('%s: 400 or 501, and the connection is closed', async (_name, bytes) => {
    const { port, upstream, proxy } = await start();
    const { answers, leftOver } = await sendRawUntilClose(
      port,
      Buffer.concat([Buffer.from(bytes as string, 'latin1'), Buffer.from(get)]),
    );
    expect(answers).toHaveLength(1);
    expect(leftOver).toHaveLength(0);
    const [answer] = answers;
    expectRefusal(answer, answer?.status === 501 ? 501 : 400, JSON.parse(answer!.text()).code);
    expect(answer?.header('connection')).toBe('close');
    expect(upstream.requests.filter(({ complete }) => complete)).toHaveLength(0);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ status: answer?.status, errorId: answer?.header('x-error-id') });
    expect(proxy.proxy.inFlight).toBe(0);
  });

  it('get a response after those to previous complete requests', async () => {
    const { port } = await start(
      {},
      {
        answer: async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          return { body: 'first' };
        },
      },
    );
    const { answers } = await sendRawUntilClose(port, `${get}GARBAGE\r\n\r\n`);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[0]?.text()).toBe('first');
    expectRefusal(answers[1], 400, 'request_malformed');
  });

  it('are never reported in the middle of another response', async () => {
    const { port } = await start(
      {},
      {
        answer: (_request, { response }) => {
          response.writeHead(200, { 'content-length': 100 });
          response.write('x'.repeat(50));
          return undefined;
        },
      },
    );
    const connection = await openRaw(port);
    connection.write(get);
    await vi.waitFor(() => expect(connection.unread().toString()).toMatch(/x{50}$/));
    connection.write('GARBAGE\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.unread().toString()).not.toContain('400');
    connection.destroy();
  });
});

describe('limits', () => {
  it.each([
    ['a target that is too long', request(`GET /${'a'.repeat(9_000)} HTTP/1.1`), 414, 'target_too_long'],
    [
      'too many headers',
      request('GET /a HTTP/1.1', ...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`)),
      431,
      'headers_too_large',
    ],
    [
      'far too many headers',
      request('GET /a HTTP/1.1', ...Array.from({ length: 1_500 }, (_, i) => `${i}: 1`)),
      431,
      'headers_too_large',
    ],
    ['headers that are too large', request('GET /a HTTP/1.1', `X: ${'y'.repeat(17_000)}`), 431, 'headers_too_large'],
  ])('%s', async (_name, bytes, status, code) => {
    const { port, upstream } = await start();
    const { answers } = await sendRawUntilClose(port, bytes);
    expectRefusal(answers[0], status, code);
    expect(upstream.requests).toHaveLength(0);
  });

  it('accept exactly the allowed number of headers', async () => {
    const { port, upstream } = await start();
    const headers = Array.from({ length: 99 }, (_, i) => `X-${i}: 1`);
    expect((await sendRaw(port, request('GET /a HTTP/1.1', ...headers))).status).toBe(200);
    expect(upstream.last().rawHeaders.filter((name) => name.startsWith('X-')).length).toBe(99);
  });

  it('on the time for headers return 408 and do not affect other clients', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 1_000 } });
    const slow = await openRaw(port);
    slow.write('GET /a HTTP/1.1\r\nHost: a\r\n');
    expect((await sendRaw(port, get)).status).toBe(200);
    expectRefusal(await slow.answer(), 408, 'request_timeout');
    await slow.closed();
  });

  it('close a connection that never sends a byte, without a request in log and metrics', async () => {
    const { port, proxy } = await start({ limits: { headersTimeoutMs: 1_000 } });
    const silent = await Promise.all(Array.from({ length: 5 }, () => openRaw(port)));
    for (const one of silent) await one.closed();
    expect(proxy.records).toEqual([]);
    // Control: one byte is a request that does not arrive.
    const slow = await openRaw(port);
    slow.write('G');
    expectRefusal(await slow.answer(), 408, 'request_timeout');
    expect(proxy.records).toMatchObject([{ reason: 'request_timeout', status: 408 }]);
  });

  it('on the time for a whole request return 408, and the body is aborted, not ended', async () => {
    const { port, upstream } = await start({
      limits: { requestTimeoutMs: 300, headersTimeoutMs: 200 },
      route: { bodyBufferBytes: 0 },
    });
    const slow = await openRaw(port);
    slow.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel');
    expectRefusal(await slow.answer('POST'), 408, 'request_timeout');
    await slow.closed();
    await vi.waitFor(() => expect(upstream.requests[0]?.aborted).toBe(true));
    expect(upstream.requests[0]?.complete).toBe(false);
  });

  it('on connections close those beyond', async () => {
    const { port } = await start({ limits: { connections: 2 } });
    const [one, two] = [await openRaw(port), await openRaw(port)];
    const three = await openRaw(port);
    await three.closed();
    one.write(get);
    expect((await one.answer()).status).toBe(200);
    one.destroy();
    two.destroy();
  });
});

describe('methods and decisions', () => {
  it.each([
    ['CONNECT', request('CONNECT api.test:443 HTTP/1.1'), 501, 'method_unsupported'],
    ['TRACE', request('TRACE /a HTTP/1.1'), 501, 'method_unsupported'],
    ['no Host', 'GET /a HTTP/1.1\r\n\r\n', 400, 'host_invalid'],
    ['two Hosts', request('GET /a HTTP/1.1', 'Host: b'), 400, 'host_invalid'],
    [
      'a coding other than chunked',
      request('POST /a HTTP/1.1', 'Transfer-Encoding: gzip, chunked'),
      501,
      'transfer_coding_unsupported',
    ],
    ['an ambiguous path', request('GET /a%2fb HTTP/1.1'), 400, 'path_ambiguous'],
  ])('%s', async (_name, bytes, status, code) => {
    const { port, upstream } = await start();
    expectRefusal(await sendRaw(port, bytes), status, code);
    expect(upstream.connections).toHaveLength(0);
  });

  it('405 lists the allowed methods', async () => {
    const { port } = await start({ access: new Map([['GET', 'public' as const]]) as never });
    const answer = await sendRaw(port, request('POST /a HTTP/1.1', 'Content-Length: 0'));
    expectRefusal(answer, 405, 'method_not_allowed');
    expect(answer.header('allow')).toContain('GET');
  });

  it('401 has the challenge, 503 the wait that the Auth API requested', async () => {
    const missing = await start({ access: ['user'] });
    const answer = await sendRaw(missing.port, get);
    expectRefusal(answer, 401, 'credential_missing');
    expect(answer.header('www-authenticate')).toBe('Bearer realm="rolegate"');
    const down = await start({
      access: ['user'],
      resolve: async () => ({ identity: null, reason: 'auth_unavailable', retryAfterS: 17, source: 'auth-api' }),
    });
    const unavailable = await sendRaw(down.port, request('GET /a HTTP/1.1', 'Authorization: Bearer x'));
    expectRefusal(unavailable, 503, 'auth_unavailable');
    expect(unavailable.header('retry-after')).toBe('17');
  });

  it('HEAD is refused without a body, and the connection continues', async () => {
    const { port } = await start({ access: ['user'] });
    const connection = await openRaw(port);
    connection.write(request('HEAD /a HTTP/1.1') + request('GET /b HTTP/1.1'));
    const head = await connection.answer('HEAD');
    expect([head.status, head.header('x-error-id')?.length]).toEqual([401, 36]);
    expect(Number(head.header('content-length'))).toBeGreaterThan(0);
    expectRefusal(await connection.answer(), 401, 'credential_missing');
    connection.destroy();
  });
});

describe('the body of a refused request', () => {
  const post = (length: number) => request('POST /a HTTP/1.1', `Content-Length: ${length}`);

  it('is drained if it is small', async () => {
    const { port, upstream } = await start({ access: ['user'] });
    const hidden = request('GET /admin HTTP/1.1', `Authorization: Bearer ${goodToken}`);
    const connection = await openRaw(port);
    connection.write(post(hidden.length) + hidden.slice(0, 10));
    expectRefusal(await connection.answer('POST'), 401, 'credential_missing');
    connection.write(hidden.slice(10));
    connection.write(request('GET /b HTTP/1.1', `Authorization: Bearer ${goodToken}`));
    expect((await connection.answer()).status).toBe(200);
    connection.destroy();
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/b']);
  });

  it.each([
    ['large', `${post(10_000_000)}${'x'.repeat(100_000)}`],
    ['chunked', `${request('POST /a HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`],
    ['small, but never arrives', post(1_000)],
  ])('closes the connection when it is %s', async (_name, bytes) => {
    const { port, proxy } = await start({ access: ['user'] });
    const connection = await openRaw(port);
    connection.write(bytes);
    expectRefusal(await connection.answer('POST'), 401, 'credential_missing');
    await connection.closed();
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ reason: 'credential_missing', aborted: false, cut: false });
    connection.destroy();
    await vi.waitFor(() => expect(proxy.wheel.size).toBe(0));
  });
});

describe('a fault of the gateway', () => {
  it.each<[string, (runtime: import('../../../src/request-line/runtime.ts').RequestRuntime) => object]>([
    [
      'deciding throws',
      () => ({
        decide: () => {
          throw new Error('secret detail');
        },
      }),
    ],
    ['deciding rejects', () => ({ decide: () => Promise.reject(new Error('secret detail')) })],
    [
      'forwarding throws',
      () => ({
        upstreams: {
          get: () => {
            throw new Error('secret detail');
          },
        },
      }),
    ],
  ])('is 500 for that request only: %s', async (_name, fault) => {
    let broken = true;
    const { port, proxy } = await start({
      runtime: (runtime) => {
        const faulty = { ...runtime, ...fault(runtime) };
        return new Proxy(runtime, { get: (_target, key) => Reflect.get(broken ? faulty : runtime, key) });
      },
    });
    const connection = await openRaw(port);
    connection.write(get);
    const answer = await connection.answer();
    expectRefusal(answer, 500, 'internal_error');
    expect(answer.text()).not.toContain('secret');
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ reason: 'internal_error', cause: new Error('secret detail') });
    broken = false;
    connection.write(get);
    expect((await connection.answer()).status).toBe(200);
    connection.destroy();
  });
});
