/** An address that only redirects to https, and Strict-Transport-Security: what is redirected, refused and added, and what never is. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import type { RunningGateway } from '../../support/running-gateway.ts';
import { secured, startTlsWorld, type TlsWorld } from './serving-tls.ts';

const hsts = 'max-age=31536000; includeSubDomains';
const settings = {
  listener: ', strictTransportSecurity: { maxAge: 365d, includeSubDomains: true }',
  plain: ', redirectToHttps: 8443',
  server: '\n  trustedProxies: [127.0.0.2/32]',
};
let world: TlsWorld;
let gateway: RunningGateway;

beforeAll(async () => {
  world = await startTlsWorld();
  world.put('ip', world.authority.issue({ addresses: ['192.0.2.1'] }));
  gateway = await world.start({ ...settings, certificates: ['a', 'wild', 'ip'] });
});
afterAll(() => world.close());

interface Reply {
  readonly status: number;
  header(name: string): string | undefined;
  /** How often the header is there. */
  count(name: string): number;
}

/** To the address without TLS, on one connection that ends. */
async function ask(head: string, from = '127.0.0.1', port = gateway.ports[1]!): Promise<Reply> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  await once(socket, 'connect');
  socket.write(head);
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  return reply(text);
}

async function askSecurely(head: string, port = gateway.port): Promise<Reply> {
  const socket = await secured(port, { servername: 'a.test', ca: world.authority.cert });
  socket.write(head);
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  return reply(text);
}

function reply(text: string): Reply {
  const [first = '', ...fields] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  const values = (name: string) =>
    fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 2));
  return {
    status: Number(first.split(' ')[1]),
    header: (name) => values(name)[0],
    count: (name) => values(name).length,
  };
}

const get = (target: string, host: string, more = '') =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

describe('redirectToHttps', () => {
  test.each([
    ['/a/b?c=d&e=/f', 'a.test', 'https://a.test:8443/a/b?c=d&e=/f'],
    ['/', 'A.TEST:8080', 'https://a.test:8443/'],
    ['/x', 'y.w.test', 'https://y.w.test:8443/x'],
    ['/x', '192.0.2.1', 'https://192.0.2.1:8443/x'],
    ['http://a.test/x', 'a.test', 'https://a.test:8443/x'],
    // Its path could be read as a host.
    ['//evil.test/', 'a.test', 'https://a.test:8443/evil.test/'],
    ['/.rolegate/sign-in', 'a.test', 'https://a.test:8443/.rolegate/sign-in'],
  ])('GET %s of %s leads to %s', async (target, host, location) => {
    const before = world.upstream.requests.length;
    const redirected = await ask(get(target, host));
    expect([redirected.status, redirected.header('location')]).toEqual([308, location]);
    expect(redirected.header('x-error')).toBe('This address requires https');
    expect(redirected.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(redirected.header('cache-control')).toBe('no-store');
    expect(redirected.count('strict-transport-security')).toBe(0);
    expect(world.upstream.requests.length).toBe(before);
  });

  test.each([['/%2e%2e/x'], ['/a\\b'], ['/%zz']])('GET %s is refused as everywhere', async (target) => {
    const refused = await ask(get(target, 'a.test'));
    expect([refused.status, refused.count('location')]).toEqual([400, 0]);
  });

  test('HEAD is redirected, too', async () => {
    const { status, header } = await ask('HEAD /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    expect([status, header('location')]).toEqual([308, 'https://a.test:8443/x']);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is refused with its reason', async (method) => {
    const before = world.upstream.requests.length;
    const refused = await ask(
      `${method} /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(refused.status).toBe(403);
    expect(refused.header('x-error')).toBe('This address requires https');
    expect(refused.count('location')).toBe(0);
    expect(world.upstream.requests.length).toBe(before);
    const id = refused.header('x-error-id');
    expect(gateway.logLines().find(({ errorId }) => errorId === id)).toMatchObject({
      reason: 'https_required',
      host: 'a.test',
      path: '/x',
    });
  });

  test.each([
    ['evil.test', 421, 'This address does not serve the host of the request'],
    ['a.test.evil.test', 421, 'This address does not serve the host of the request'],
    ['z.y.w.test', 421, 'This address does not serve the host of the request'],
    ['192.0.2.2', 421, 'This address does not serve the host of the request'],
    ['a.test@evil.test', 400, 'The Host header is missing, repeated or not valid'],
    ['a.test/evil', 400, 'The Host header is missing, repeated or not valid'],
  ])('host %s gets %d and no location', async (host, status, error) => {
    const refused = await ask(get('/x', host));
    expect([refused.status, refused.header('x-error'), refused.count('location')]).toEqual([status, error, 0]);
  });

  test('HTTP/1.0 without a host gets no location', async () => {
    expect((await ask('GET / HTTP/1.0\r\n\r\n')).status).toBe(421);
  });

  test('a trusted proxy that ended TLS is served; nobody else can claim it', async () => {
    const claim = 'X-Forwarded-Proto: https\r\n';
    expect((await ask(get('/x', 'a.test', claim), '127.0.0.2')).status).toBe(200);
    expect((await ask(get('/x', 'a.test'), '127.0.0.2')).status).toBe(308);
    expect((await ask(get('/x', 'a.test', claim))).status).toBe(308);
  });

  test('a reload changes it, also for the host of a new certificate', async () => {
    const renewed = await world.start({ ...settings, certificates: ['a'] });
    const port = renewed.ports[1]!;
    expect((await ask(get('/', 'x.w.test'), undefined, port)).status).toBe(421);
    renewed.apply(world.config({ ...settings, certificates: ['a', 'exact'] }));
    expect((await ask(get('/', 'x.w.test'), undefined, port)).status).toBe(308);
    renewed.apply(world.config({ ...settings, plain: '' }));
    expect((await ask(get('/', 'x.w.test'), undefined, port)).status).toBe(200);
  });

  test('control: without it, the address serves', async () => {
    const plain = await world.start();
    expect((await ask(get('/x', 'evil.test'), undefined, plain.ports[1])).status).toBe(200);
  });
});

describe('Strict-Transport-Security', () => {
  test.each([
    ['a response of a service', get('/x', 'a.test'), 200],
    ['a refusal', get('/x', 'evil@a.test'), 400],
    ['a refusal of bytes that are no request', 'GET\r\n\r\n', 400],
  ])('%s has it once', async (_, head, status) => {
    const response = await askSecurely(head);
    expect(response.status).toBe(status);
    expect([response.count('strict-transport-security'), response.header('strict-transport-security')]).toEqual([
      1,
      hsts,
    ]);
  });

  test.each([
    ['the service', '', ['Strict-Transport-Security', 'max-age=5']],
    ['the route', ', responseHeaders: { set: { strict-transport-security: max-age=5 } }', []],
  ])('one of %s stays alone', async (_, responseHeaders, rawHeaders) => {
    const service = await startRecordingUpstream({ answer: () => ({ rawHeaders, body: 'x' }) });
    const sections = `  - { id: own, match: { path: /own }, upstream: other, access: public${responseHeaders} }`;
    const own = await world.start({ ...settings, others: `, other: { targets: ["${service.origin}"] }`, sections });
    const response = await askSecurely(get('/own', 'a.test'), own.port);
    await service.close();
    expect([response.count('strict-transport-security'), response.header('strict-transport-security')]).toEqual([
      1,
      'max-age=5',
    ]);
  });

  test('no response without TLS has it', async () => {
    const plain = await world.start({ ...settings, plain: '' });
    expect((await ask(get('/x', 'a.test'), undefined, plain.ports[1])).count('strict-transport-security')).toBe(0);
  });
});
