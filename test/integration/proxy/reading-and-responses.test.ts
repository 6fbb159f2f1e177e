/** Headers of services and expectations of clients, through the running proxy. */
import { describe, expect, test } from 'vitest';
import { compileCors } from '../../../src/core/forwarding/cors.ts';
import { compileResponseRules } from '../../../src/core/forwarding/response-rules.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { goodToken, type ProxySetup, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

const app = 'https://app.example.test';
const cors = compileCors({
  origins: [app],
  methods: null,
  headers: ['authorization'],
  exposeHeaders: [],
  credentials: false,
  maxAgeMs: 1_000,
});

async function start(setup: Partial<ProxySetup>, said: Record<string, string> = {}) {
  const upstream = await startRecordingUpstream({
    answer: () => ({ body: 'hi', rawHeaders: Object.entries(said).flat() }),
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { port: proxy.port, upstream, proxy };
}

const request = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: a', ...headers, '', ''].join('\r\n');

describe('headers reserved for the gateway', () => {
  const said = {
    via: '1.1 inner',
    'user-id': 'root',
    groups: 'wheel',
    'x-error': 'only half of it',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'x-frame-options': 'ALLOWALL',
    server: 'secret/1.2',
    'x-own': 'kept',
  };

  test('are not accepted from a service', async () => {
    const { port } = await start({}, said);
    const answer = await sendRaw(port, request('GET /', `Origin: ${app}`));
    for (const name of ['via', 'user-id', 'groups', 'x-error'])
      expect([name, answer.header(name)]).toEqual([name, undefined]);
    expect([answer.header('x-own'), answer.header('access-control-allow-origin')]).toEqual(['kept', '*']);
  });

  test('are not accepted on a route with CORS and its own headers either', async () => {
    const answers = compileResponseRules({
      security: 'strict',
      set: new Map([['x-frame-options', 'DENY']]),
      remove: ['server'],
    });
    const { port } = await start({ route: { cors, response: answers } }, said);
    const answer = await sendRaw(port, request('GET /', `Origin: ${app}`));
    expect(answer.header('access-control-allow-origin')).toBe(app);
    for (const name of ['access-control-allow-credentials', 'server']) expect(answer.header(name)).toBeUndefined();
    expect([answer.header('x-frame-options'), answer.header('x-content-type-options')]).toEqual(['DENY', 'nosniff']);
    const other = await sendRaw(port, request('GET /', 'Origin: https://evil.test'));
    expect([other.header('access-control-allow-origin'), other.header('vary')]).toEqual([undefined, 'Origin']);
  });
});

describe('a preflight', () => {
  const asking = [`Origin: ${app}`, 'Access-Control-Request-Method: GET'];

  test('gets its response on a connection that continues, and reaches no service', async () => {
    const { port, upstream, proxy } = await start({ access: ['user'], route: { cors } });
    const client = await openRaw(port);
    client.write(request('OPTIONS /a', ...asking));
    const answer = await client.answer('OPTIONS');
    expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([200, app]);
    client.write(request('GET /b', `Authorization: Bearer ${goodToken}`));
    expect((await client.answer()).status).toBe(200);
    client.destroy();
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/b']);
    expect(proxy.records[0]).toMatchObject({ status: 200, reason: null, errorId: null, aborted: false });
  });

  test('with a body is the last request on its connection', async () => {
    const { port, upstream } = await start({ access: ['user'], route: { cors } });
    const body = request('GET /hidden');
    const client = await openRaw(port);
    client.write(request('OPTIONS /a', ...asking, `Content-Length: ${body.length}`));
    client.write(body);
    const answer = await client.answer('OPTIONS');
    expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
    await client.closed();
    expect(client.unread().toString()).toBe('');
    expect(upstream.requests).toEqual([]);
  });
});

describe('100 Continue (RFC 9110 section 10.1.1)', () => {
  const posting = (...headers: string[]) => request('POST /', 'Content-Length: 2', ...headers);
  const expecting = 'Expect: 100-continue';

  async function first(setup: Partial<ProxySetup>, text: string) {
    const { port, upstream } = await start(setup);
    const client = await openRaw(port);
    client.write(text);
    const answer = await client.answer();
    client.destroy();
    return { answer, upstream, interim: client.interim.length };
  }

  test.each([
    ['no credential', [expecting], 401],
    ['a bad credential', [expecting, 'Authorization: Bearer bad'], 401],
    ['another expectation', ['Expect: 200-ok', `Authorization: Bearer ${goodToken}`], 417],
    ['two expectations', [expecting, expecting, `Authorization: Bearer ${goodToken}`], 417],
  ])('is never sent with %s', async (_name, headers, status) => {
    const { answer, upstream, interim } = await first({ access: ['user'] }, posting(...headers));
    expect([answer.status, interim]).toEqual([status, 0]);
    expect(answer.header('x-error-id')).toBeDefined();
    expect(upstream.requests).toEqual([]);
  });

  test('is never sent in HTTP/1.0', async () => {
    const { answer, interim } = await first({}, `${posting(expecting).replace('HTTP/1.1', 'HTTP/1.0')}ok`);
    expect([answer.status, interim]).toEqual([200, 0]);
  });
});

test('trailers are dropped (RFC 9110 section 6.5.1)', async () => {
  const { port, upstream } = await start({ access: ['user'] });
  const chunks = '2\r\nhi\r\n0\r\nuser-id: root\r\nuser_id: root\r\nX-Sum: 1\r\n\r\n';
  const headers = ['Transfer-Encoding: chunked', 'Trailer: user-id', `Authorization: Bearer ${goodToken}`];
  const answer = await sendRaw(port, request('POST /', ...headers) + chunks);
  expect(answer.status).toBe(200);
  expect(bytesOf(upstream)).not.toMatch(/root|x-sum|trailer/i);
});

describe('WebSocket handshakes (RFC 6455 section 4.1)', () => {
  const ask = (...headers: string[]) => request('GET /', 'Connection: Upgrade', 'Upgrade: websocket', ...headers);
  test.each([
    ['without a key', ['Sec-WebSocket-Version: 13'], 400],
    ['with another version', ['Sec-WebSocket-Version: 8', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='], 426],
  ])('%s reach no service', async (_name, headers, status) => {
    const { port, upstream } = await start({});
    const answer = await sendRaw(port, ask(...headers));
    expect(answer.status).toBe(status);
    if (status === 426) {
      expect([answer.header('upgrade'), answer.header('sec-websocket-version')]).toEqual(['websocket', '13']);
    }
    expect(upstream.requests).toEqual([]);
  });

  test('are authorized first', async () => {
    const { port } = await start({ access: ['user'] });
    expect((await sendRaw(port, ask())).status).toBe(401);
  });
});

function bytesOf({ connections }: RecordingUpstream): string {
  return Buffer.concat([...connections]).toString('latin1');
}
