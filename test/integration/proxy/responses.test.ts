/** What the client receives of an upstream response. */
import { describe, expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { openRaw, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

/** A proxy with a server that responds with these bytes. */
async function answering(bytes: string, setup: Partial<ProxySetup> = {}, afterwards: 'keep' | 'end' = 'keep') {
  const upstream = await startMisbehavingServer({ kind: 'writes', bytes: Buffer.from(bytes, 'latin1'), afterwards });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { upstream, proxy, port: proxy.port };
}

const get = 'GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n';
const whole = (head: string, body: string) =>
  `HTTP/1.1 ${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('a response', () => {
  it('keeps status, reason phrase and headers, repeated ones and bytes beyond ASCII included', async () => {
    const { port } = await answering(
      whole('299 Quite Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Odd: \xe9', 'hello'),
    );
    const answer = await sendRaw(port, get);
    expect([answer.status, answer.statusText, answer.text()]).toEqual([299, 'Quite Fine', 'hello']);
    expect(answer.headers('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(answer.header('x-odd')).toBe('\xe9');
    expect(answer.header('content-length')).toBe('5');
  });

  it('loses hop-by-hop headers', async () => {
    const { port } = await answering(
      whole(
        '200 OK\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\nX-Kept: 1',
        'x',
      ),
    );
    const answer = await sendRaw(port, get);
    for (const name of ['x-hop', 'proxy-authenticate']) expect(answer.header(name)).toBeUndefined();
    expect(answer.header('keep-alive')).not.toBe('timeout=9');
    expect(answer.header('connection')).toBe('keep-alive');
    expect(answer.header('x-kept')).toBe('1');
  });

  it('is returned to the client when it is a redirect', async () => {
    const { port, upstream } = await answering(whole('302 Found\r\nLocation: http://elsewhere.test/', ''));
    const answer = await sendRaw(port, get);
    expect([answer.status, answer.header('location')]).toEqual([302, 'http://elsewhere.test/']);
    expect(upstream.received).toHaveLength(1);
  });

  it('loses its trailers', async () => {
    const chunked =
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n';
    const { port } = await answering(chunked);
    const answer = await sendRaw(port, get);
    expect([answer.text(), answer.complete, answer.rawTrailers]).toEqual(['abc', true, []]);
    expect(answer.header('trailer')).toBeUndefined();
  });

  it.each([
    ['hints', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    ['an unrequested 100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('is not confused by preceding interim responses: %s', async (_name, early) => {
    const { port } = await answering(early + early + whole('200 OK', 'final'));
    const answer = await sendRaw(port, get);
    expect([answer.status, answer.text()]).toEqual([200, 'final']);
  });
});

describe('the framing of a response', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n';
  const untilClose = 'HTTP/1.1 200 OK\r\n\r\nabcdef';

  it.each([
    ['chunked and complete at once', chunked, 'keep', ['6', undefined]],
    ['delimited by its end', untilClose, 'end', [undefined, 'chunked']],
  ] as const)('is its length once that is known, else chunks: %s', async (_name, bytes, afterwards, framing) => {
    const { port } = await answering(bytes, {}, afterwards);
    const answer = await sendRaw(port, get);
    expect([answer.header('content-length'), answer.header('transfer-encoding')]).toEqual(framing);
    expect([answer.text(), answer.complete]).toEqual(['abcdef', true]);
  });

  it.each([
    ['chunked', chunked, 'keep'],
    ['delimited by its end', untilClose, 'end'],
  ] as const)('is the end of the connection for HTTP/1.0 when it was %s', async (_name, bytes, afterwards) => {
    const { port } = await answering(bytes, {}, afterwards);
    const { answers, closed } = await sendRawUntilClose(port, 'GET /a HTTP/1.0\r\n\r\n');
    expect(answers[0]?.header('transfer-encoding')).toBeUndefined();
    expect([answers[0]?.text(), closed]).toEqual(['abcdef', 'end']);
  });

  it.each([
    ['one chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n', 'abcdef'],
    ['no chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', ''],
  ])('is a length when the body arrived at once: %s', async (_name, bytes, text) => {
    const { port } = await answering(bytes);
    const answer = await sendRaw(port, get);
    expect(answer.header('transfer-encoding')).toBeUndefined();
    expect([answer.header('content-length'), answer.text(), answer.complete]).toEqual([`${text.length}`, text, true]);
  });

  it('keeps every byte of a body that is not text', async () => {
    const body = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
    const { port } = await answering(whole('200 OK', body.toString('latin1')).replace(/: 768/, ': 512'));
    expect((await sendRaw(port, get)).body.equals(body)).toBe(true);
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n', '500'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n', '500'],
    ['GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n', undefined],
    ['GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello', undefined],
    ['HEAD', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', undefined],
  ])('without a body: %s %j', async (method, bytes, length) => {
    const { port, upstream } = await answering(bytes);
    const connection = await openRaw(port);
    connection.write(get.replace('GET', method));
    const answer = await connection.answer(method);
    expect(answer.header('content-length')).toBe(length);
    // No bytes follow it: the next response on the connection is parsed correctly.
    upstream.behave({ kind: 'writes', bytes: whole('200 OK', 'next') });
    connection.write(get);
    expect((await connection.answer()).text()).toBe('next');
    connection.destroy();
  });

  it('forwards the head and first bytes of an endless response at once', async () => {
    const { port } = await answering('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
    const connection = await openRaw(port);
    connection.write(get);
    await vi.waitFor(() => expect(connection.unread().toString()).toContain('text/event-stream'));
    connection.destroy();
  });
});

describe('errors of a service', () => {
  const uuid = /^[0-9a-f-]{36}$/;
  const own = 'x-error: Own words\r\nx-error-id: 0b6cdb3a-4ed2-4b0e-9f0e-3f3d5f6d6c11';

  it.each([
    ['failures', '404 Not Found', 'The service has no such resource', uuid],
    ['failures', '500 Oops', 'The service failed', uuid],
    [`failures`, `418 Teapot\r\n${own}`, 'Own words', /^0b6cdb3a-/],
    ['failures', '418 Teapot\r\nx-error: only one of the two', 'The service refused the request', uuid],
    ['failures', `418 Teapot\r\n${own}x`, 'The service refused the request', uuid],
    ['failures', '302 Found', undefined, undefined],
    ['failures', '200 OK', undefined, undefined],
    ['all', '302 Found', 'The service responded without a result', uuid],
    ['all', '201 Created', 'The service responded without a result', uuid],
    ['all', '200 OK', undefined, undefined],
    ['all', '202 Accepted', undefined, undefined],
  ] as const)('annotate %s: %j', async (annotate, head, error, id) => {
    const { port, proxy } = await answering(whole(head, 'body'), { annotate });
    const answer = await sendRaw(port, get);
    expect(answer.text()).toBe('body');
    expect(answer.headers('x-error')).toEqual(error === undefined ? [] : [error]);
    if (id === undefined) expect(answer.header('x-error-id')).toBeUndefined();
    else expect(answer.header('x-error-id')).toMatch(id);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]?.errorId ?? undefined).toBe(answer.header('x-error-id'));
    expect(proxy.records[0]).toMatchObject({ reason: null, status: answer.status, bytesOut: 4 });
  });
});

describe('a response before the end of the request', () => {
  async function early(): Promise<{ port: number; proxy: RunningProxy }> {
    const upstream = await startRecordingUpstream({
      answerAt: 'headers',
      answer: (_request, { response }) => {
        response.writeHead(409, { connection: 'close' });
        response.end('no thanks');
        return undefined;
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], route: { bodyBufferBytes: 0 } });
    running.push(proxy);
    return { port: proxy.port, proxy };
  }

  it('reaches the client, and a small rest of the body is drained', async () => {
    const { port } = await early();
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\nhello');
    const first = await connection.answer('POST');
    expect([first.status, first.text()]).toEqual([409, 'no thanks']);
    connection.write('world');
    connection.write(get);
    expect((await connection.answer()).status).toBe(409);
    connection.destroy();
  });

  it('closes the connection when the rest does not arrive', async () => {
    const { port, proxy } = await early();
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\nhello');
    expect((await connection.answer('POST')).status).toBe(409);
    await connection.closed();
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ aborted: false, cut: false, status: 409 });
  });

  it('closes the connection when the rest is large', async () => {
    const { port } = await early();
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 100000000\r\n\r\nx');
    expect((await connection.answer('POST')).status).toBe(409);
    connection.write(Buffer.alloc(1_000_000));
    await connection.closed();
  });
});
