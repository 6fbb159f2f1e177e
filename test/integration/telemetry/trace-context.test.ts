/** The trace of a request: at the service, at the sources, in log lines and in kept records. */
import { describe, expect, test, vi } from 'vitest';
import { checkBytes, getCheck } from '../../support/authorizer-checks.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { connectExtAuthz } from '../../support/ext-authz-client.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const parent = `00-${traceId}-${spanId}-01`;
const ofClient = `Traceparent: ${parent}\r\nTracestate: congo=1,\r\n`;
const adminToken = 'a'.repeat(40);

const running = closedAfterEach();

/** `tracing`: lines of YAML. */
async function start(tracing: string, trusted = false) {
  const upstream = await startRecordingUpstream();
  const authApi = await startFakeAuthApi();
  const bearer = 'b'.repeat(40);
  authApi.addSession(bearer, { roles: ['user'] });
  running.push(upstream, authApi);
  const proxies = trusted ? ', trustedProxies: ["127.0.0.0/8"]' : '';
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken}${proxies} }
records: { allowedSample: 1 }
${tracing}
authApi: { url: "${new URL(authApi.url).origin}" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
  - { id: closed, match: { path: "/closed" }, upstream: service, access: authenticated }
`);
  running.push(gateway);
  const get = (path: string, headers = '') =>
    sendRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\n${headers}\r\n`);
  const line = async (path: string) =>
    await vi.waitFor(() => {
      const found = gateway.logLines().findLast((one) => one['msg'] === 'request' && one['path'] === path);
      return found ?? expect.fail('not logged yet');
    });
  const asked = () => {
    const headers = authApi.received.at(-1) ?? expect.fail('the source was not asked');
    const value = (name: string) => headers[headers.findIndex((one) => one.toLowerCase() === name) + 1];
    return { parent: headers.includes('traceparent') ? value('traceparent') : undefined, headers };
  };
  return { upstream, authApi, gateway, get, line, asked };
}

const form = /^00-([0-9a-f]{32})-[0-9a-f]{16}-02$/;

describe('without tracing', () => {
  test('traceparent reaches the service unchanged, and its id is in the log line', async () => {
    const { upstream, get, line, asked } = await start('');
    await get('/closed', ofClient);
    expect(upstream.last().header('traceparent')).toEqual([parent]);
    expect(upstream.last().header('tracestate')).toEqual(['congo=1,']);
    expect(await line('/closed')).toMatchObject({ traceId });
    expect(asked().parent).toBeUndefined();
  });

  test('an invalid one reaches it too, and no id is logged', async () => {
    const { upstream, get, line } = await start('');
    await get('/open', 'traceparent: mine\r\n');
    expect(upstream.last().header('traceparent')).toEqual(['mine']);
    expect(await line('/open')).not.toHaveProperty('traceId');
  });
});

describe('with tracing', () => {
  test.each([
    ['of all clients', 'tracing: { trust: all }', false],
    ['of a trusted proxy', 'tracing: {}', true],
  ])('forwards the trace %s to the service and the source', async (_, tracing, trusted) => {
    const { upstream, get, line, asked } = await start(tracing, trusted);
    await get('/closed', ofClient);
    expect(upstream.last().header('traceparent')).toEqual([parent]);
    expect(upstream.last().header('tracestate')).toEqual(['congo=1']);
    expect(asked().parent).toBe(parent);
    expect(asked().headers).toEqual(expect.arrayContaining(['tracestate', 'congo=1']));
    expect(await line('/closed')).toMatchObject({ traceId, status: 200 });
  });

  test.each([
    ['an untrusted client', 'tracing: {}', ofClient],
    ['a client without a trace', 'tracing: { trust: all }', ''],
    ['a client with an invalid traceparent', 'tracing: { trust: all }', 'traceparent: mine\r\ntracestate: congo=1\r\n'],
    ['a client with two traceparent headers', 'tracing: { trust: all }', ofClient + ofClient],
  ])('starts a new trace for a request of %s', async (_, tracing, headers) => {
    const { upstream, get, line, asked } = await start(tracing);
    await get('/closed', headers);
    const [sent = '', ...more] = upstream.last().header('traceparent');
    expect(more).toEqual([]);
    expect(upstream.last().header('tracestate')).toEqual([]);
    const id = form.exec(sent)?.[1];
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toBe(traceId);
    expect(asked().parent).toBe(sent);
    expect(await line('/closed')).toMatchObject({ traceId: id });
  });

  test('each request starts a separate trace', async () => {
    const { upstream, get } = await start('tracing: {}');
    for (let i = 0; i < 300; i += 1) await get('/open');
    const ids = upstream.requests.map((request) => request.header('traceparent')[0]);
    expect(new Set(ids).size).toBe(300);
  });

  test('a refusal has the trace id in its line and in its kept record', async () => {
    const { gateway, get, line } = await start('tracing: { trust: all }');
    const response = await get('/nowhere', ofClient);
    expect(response.status).toBe(404);
    expect(await line('/nowhere')).toMatchObject({ traceId, errorId: response.header('x-error-id') });
    const found = await fetch(`${gateway.admin}/decisions/${response.header('x-error-id')}`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(await found.json()).toMatchObject({ request: { traceId } });
  });

  test('a reload switches it on and off', async () => {
    const { upstream, gateway, get } = await start('');
    const config = (tracing: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken} }
${tracing}
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: open, match: { path: "/open" }, upstream: service, access: public }]
`;
    gateway.apply(config('tracing: {}'));
    await get('/open', ofClient);
    expect(upstream.last().header('traceparent')[0]).toMatch(form);
    gateway.apply(config(''));
    await get('/open', ofClient);
    expect(upstream.last().header('traceparent')).toEqual([parent]);
  });
});

test('metadata and keys of an issuer are fetched within the trace of the request that needs them', async () => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const seen: (string | string[] | undefined)[] = [];
  const upstream = await startRecordingUpstream();
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
tracing: { trust: all }
sources: { issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: closed, match: { path: "/closed" }, upstream: service, access: authenticated }]
`);
  running.push(upstream, gateway);
  issuer.respond = (request, response) => {
    seen.push(request.headers['traceparent']);
    const body =
      request.url === '/jwks' ? { keys: issuer.keys } : { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
  const token = await issuer.token();
  const get = () =>
    sendRaw(gateway.port, `GET /closed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${ofClient}\r\n`);
  expect((await get()).status).toBe(200);
  expect(seen).toEqual([parent, parent]);
});

test.each(['traefik', 'grpc'] as const)('a check over %s sends its trace to the source, and logs it', async (by) => {
  const authApi = await startFakeAuthApi();
  authApi.addSession('good', { roles: ['user'] });
  running.push(authApi);
  const places = {
    traefik: 'listen: "127.0.0.1:0", dialects: { traefik: /traefik }',
    grpc: 'grpc: { listen: "127.0.0.1:0" }',
  };
  const gateway = await startGateway(`version: 1
server: { listen: false, admin: false }
tracing: { trust: all }
authorizer: { ${places[by]} }
authApi: { url: "${new URL(authApi.url).origin}" }
routes: [{ id: closed, match: { path: "/closed" }, access: authenticated }]
`);
  running.push(gateway);
  const check = getCheck('/closed', ['Authorization', 'Bearer good', 'traceparent', parent]);
  if (by === 'traefik') {
    expect((await sendRaw(gateway.authorizerPort, checkBytes(by, check))).status).toBe(200);
  } else {
    const proxy = connectExtAuthz(gateway.grpcPort);
    running.push({ close: async () => proxy.close() });
    expect((await proxy.ask(check)).allowed).toBe(true);
  }
  expect(authApi.received[0]).toEqual(expect.arrayContaining(['traceparent', parent]));
  const line = await vi.waitFor(
    () => gateway.logLines().find((one) => one['msg'] === 'request') ?? expect.fail('not logged yet'),
  );
  expect(line).toMatchObject({ entrypoint: 'authorizer', traceId });
});
