/**
 * Responses of hostile or broken services (RFC 9112 section 6.3): one response per request, complete or visibly broken,
 * without hop-by-hop headers of the service, and without bytes left for the next client.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type MisbehavingServer, startMisbehavingServer } from '../support/misbehaving-server.ts';
import { openRaw, type RawAnswer } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { startNaiveGateway } from './support/naive-gateway.ts';

let service: MisbehavingServer;
let gateway: RunningGateway;
beforeAll(async () => {
  service = await startMisbehavingServer({ kind: 'never-answers' });
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["${service.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public, timeout: 2s, websocket: true }
`);
});
afterAll(async () => {
  await gateway.close();
  await service.close();
});

const second = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nINJECTED';
const ok = (headers: readonly string[], body: string) => ['HTTP/1.1 200 OK', ...headers, '', body].join('\r\n');
const inChunks = `0\r\n\r\n${second}`;

/** Sends one request and reads until the response is complete or the connection ends. */
async function ask(port: number, bytes: string, method = 'GET') {
  service.behave({ kind: 'writes', bytes: Buffer.from(bytes, 'latin1'), afterwards: 'end' });
  const client = await openRaw(port);
  client.write(`${method} /x HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  const answer: RawAnswer | null = await client.answer(method).catch(() => null);
  return { client, answer };
}

/** Invalid: 502 without the cause, or a broken connection; never a response that looks complete. */
const invalid: readonly (readonly [name: string, bytes: string])[] = [
  ['both framings', ok(['Content-Length: 2', 'Transfer-Encoding: chunked'], inChunks)],
  ['two lengths', ok(['Content-Length: 2', 'Content-Length: 4'], 'hi')],
  ['a list of lengths', ok(['Content-Length: 2, 4'], 'hi')],
  ['a negative length', ok(['Content-Length: -2'], 'hi')],
  ['a length in hex', ok(['Content-Length: 0x2'], 'hi')],
  ['a length that is not a number', ok(['Content-Length: two'], 'hi')],
  ['a length with a plus sign', ok(['Content-Length: +2'], 'hi')],
  ['a length beyond any limit', ok([`Content-Length: ${'9'.repeat(30)}`], 'hi')],
  ['coding with leading letters', ok(['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
  ['coding that the client would not decode', ok(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n')],
  ['a space before the colon', ok(['X-A : b', 'Content-Length: 2'], 'hi')],
  ['a NUL in a name', ok(['X\x00A: b', 'Content-Length: 2'], 'hi')],
  ['a NUL in a value', ok(['X-A: \x00b', 'Content-Length: 2'], 'hi')],
  ['a bare CR in a value: CVE-2016-2216', ok(['X-A: b\rX-B: c', 'Content-Length: 2'], 'hi')],
  ['a control character in a value', ok(['X-A: b\x08', 'Content-Length: 2'], 'hi')],
  ['no colon', ok(['X-A b', 'Content-Length: 2'], 'hi')],
  ['an empty name', ok([': b', 'Content-Length: 2'], 'hi')],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['a status of letters', 'HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['a status of zero', 'HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/2', 'HTTP/2 200\r\ncontent-length: 2\r\n\r\nhi'],
  ['HTTP/0.9', 'hello\r\n\r\n'],
  ['another protocol', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
  ['an unrequested 101', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['a response after a 101', `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n${second}`],
  ['nothing', ''],
  ['an end within the status line', 'HTTP/1.1 20'],
  ['an end within the headers', 'HTTP/1.1 200 OK\r\nX-A: b\r\n'],
  ['only interim responses', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n'],
  ['headers of a megabyte', ok([`X-A: ${'b'.repeat(1024 * 1024)}`, 'Content-Length: 2'], 'hi')],
  ['10,000 headers', ok([...Array.from({ length: 10_000 }, (_, i) => `X-${i}: b`), 'Content-Length: 2'], 'hi')],
  ['a size that is not hex', ok(['Transfer-Encoding: chunked'], 'zz\r\nhi\r\n0\r\n\r\n')],
  ['a negative size', ok(['Transfer-Encoding: chunked'], '-2\r\nhi\r\n0\r\n\r\n')],
  ['a chunk that is longer than its size', ok(['Transfer-Encoding: chunked'], '2\r\nhello\r\n0\r\n\r\n')],
  ['a truncated body with a length', ok(['Content-Length: 10'], 'hi')],
  ['a truncated chunk', ok(['Transfer-Encoding: chunked'], 'a\r\nhi')],
  ['chunks without the last one', ok(['Transfer-Encoding: chunked'], '2\r\nhi\r\n')],
  ['a last chunk without its final line', ok(['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n')],
];

describe('an invalid response', () => {
  test.each(invalid)('%s', async (_, bytes) => {
    const { client, answer } = await ask(gateway.port, bytes);
    if (answer?.complete === true) {
      expect(answer.status).toBe(502);
      expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]{1,100}$/);
      expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.text()).not.toMatch(/127\.0\.0\.1|ECONN|undici|at .*:\d+:\d+|hi/);
    }
    client.destroy();
  });
});

test('the log names the rule and the place of an invalid response, never a value', async () => {
  const { client } = await ask(gateway.port, ok(['Set-Cookie: secret\x00', 'Content-Length: 2'], 'hi'));
  client.destroy();
  await vi.waitFor(() =>
    expect(gateway.logLines().at(-1)).toMatchObject({
      level: 'error',
      reason: 'upstream_response_invalid',
      fault: 'upstream',
      err: { code: 'response_invalid', message: 'response_invalid: field_value at line 2, column 19' },
    }),
  );
  expect(gateway.logText()).not.toContain('secret');
});

/** More bytes than the response has: no client gets them. */
const leftOver: readonly (readonly [name: string, bytes: string, method: string])[] = [
  ['after a body with a length: CVE-2022-32213', ok(['Content-Length: 2'], `hi${second}`), 'GET'],
  ['after chunks', ok(['Transfer-Encoding: chunked'], `2\r\nhi\r\n0\r\n\r\n${second}`), 'GET'],
  ['after an empty body', ok(['Content-Length: 0'], second), 'GET'],
  ['after a response to HEAD', ok(['Content-Length: 2'], `hi${second}`), 'HEAD'],
  ['of 204: RFC 9110 section 15.3.5', `HTTP/1.1 204 No Content\r\n\r\n${second}`, 'GET'],
  ['of 304: RFC 9110 section 15.4.5', `HTTP/1.1 304 Not Modified\r\n\r\n${second}`, 'GET'],
  ['after a 204 with a length', `HTTP/1.1 204 No Content\r\nContent-Length: ${second.length}\r\n\r\n${second}`, 'GET'],
];

describe('bytes after a response', () => {
  test.each(leftOver)('%s', async (_, bytes, method) => {
    service.behave({ kind: 'writes', bytes, afterwards: 'keep' });
    const client = await openRaw(gateway.port);
    client.write(`${method} /x HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    const first = await client.answer(method).catch(() => null);
    expect(first?.text() ?? '').not.toContain('INJECTED');
    service.behave({ kind: 'writes', bytes: ok(['Content-Length: 4'], 'mine') });
    for (let i = 0; i < 5; i += 1) {
      const other = await openRaw(gateway.port);
      other.write('GET /y HTTP/1.1\r\nHost: a.test\r\n\r\n');
      const answer = await other.answer().catch(() => null);
      expect(['mine', undefined]).toContain(answer?.status === 502 ? undefined : answer?.text());
      other.destroy();
    }
    client.destroy();
  });

  test('control: a naive gateway forwards them', async () => {
    const naive = await startNaiveGateway(service.port, 'length-first');
    const { client } = await ask(naive.port, ok(['Content-Length: 2'], `hi${second}`));
    expect((await client.answer()).text()).toBe('INJECTED');
    client.destroy();
    await naive.close();
  });
});

/** Headers of the service: hop-by-hop headers are removed, the rest is unchanged. */
const passed: readonly (readonly [
  name: string,
  headers: readonly string[],
  gone: readonly string[],
  kept: readonly string[],
])[] = [
  ['Keep-Alive', ['Keep-Alive: timeout=9999', 'X-Kept: 1'], ['timeout=9999'], ['x-kept']],
  ['Proxy-Connection', ['Proxy-Connection: keep-alive'], ['proxy-connection'], []],
  ['what Connection lists', ['Connection: x-hop', 'X-Hop: 1', 'X-Kept: 1'], ['x-hop'], ['x-kept']],
  ['Connection that lists x-error', ['Connection: x-error, x-error-id'], [], []],
  ['Upgrade', ['Upgrade: h2c', 'X-Kept: 1'], ['upgrade'], ['x-kept']],
  ['Trailer of the service', ['Trailer: X-Error', 'X-Kept: 1'], [], ['x-kept']],
  ['TE', ['TE: trailers'], ['te: '], []],
  ['cookies, one per header', ['Set-Cookie: a=1', 'Set-Cookie: b=2'], [], ['set-cookie']],
];

describe('response headers', () => {
  test.each(passed)('%s', async (_, headers, gone, kept) => {
    const { client, answer } = await ask(gateway.port, ok([...headers, 'Content-Length: 2'], 'hi'));
    expect(answer?.status).toBe(200);
    const text = (answer?.rawHeaders ?? [])
      .map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part))
      .join('\n');
    for (const part of gone) expect(text).not.toContain(part);
    for (const name of kept) expect(answer?.header(name)).toBeDefined();
    if (kept.includes('set-cookie')) expect(answer?.headers('set-cookie')).toEqual(['a=1', 'b=2']);
    client.destroy();
  });

  const errorIds = [
    ['in another form', 'x-error-id: <script>'],
    ['twice', 'x-error-id: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff\r\nx-error-id: 6f9619ff-8b86-4d01-b42d-00cf4fc964f0'],
    ['empty', 'x-error-id:'],
    ['of 10,000 characters', `x-error-id: ${'a'.repeat(10_000)}`],
    ['beyond ASCII', 'x-error-id: \xff'],
  ] as const;
  test.each(errorIds)('an error id %s is replaced', async (_, line) => {
    const bytes = `HTTP/1.1 500 Oops\r\n${line}\r\nx-error: down\r\nContent-Length: 2\r\n\r\nhi`;
    const { client, answer } = await ask(gateway.port, bytes);
    expect(answer?.status).toBe(500);
    expect(answer?.headers('x-error-id')).toHaveLength(1);
    expect(answer?.header('x-error-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    client.destroy();
  });

  const errors = [
    ['of 10,000 characters', `x-error: ${'a'.repeat(10_000)}`],
    ['beyond ASCII', 'x-error: caf\xe9'],
    ['empty', 'x-error:'],
    ['twice', 'x-error: one\r\nx-error: two'],
    ['with a tab', 'x-error: a\tb'],
  ] as const;
  test.each(errors)('an error text %s becomes one printable line', async (_, line) => {
    const bytes = `HTTP/1.1 500 Oops\r\n${line}\r\nContent-Length: 2\r\n\r\nhi`;
    const { client, answer } = await ask(gateway.port, bytes);
    expect(answer?.status).toBe(500);
    expect(answer?.headers('x-error')).toHaveLength(1);
    expect(answer?.header('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
    client.destroy();
  });

  test('leading interim responses do no harm', async () => {
    const many = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(20);
    const { client, answer } = await ask(gateway.port, many + ok(['Content-Length: 2'], 'hi'));
    expect(answer?.text()).toBe('hi');
    client.destroy();
  });

  test('a redirect is returned and not followed: CVE-2023-45143', async () => {
    const { client, answer } = await ask(
      gateway.port,
      `HTTP/1.1 302 Found\r\nLocation: ${service.origin}/elsewhere\r\nContent-Length: 0\r\n\r\n`,
    );
    expect([answer?.status, answer?.header('location')]).toEqual([302, `${service.origin}/elsewhere`]);
    expect(service.received.join('')).not.toContain('/elsewhere');
    client.destroy();
  });
});
