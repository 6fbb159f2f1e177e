/**
 * Spans of the bundled Auth API, standalone and embedded: their place in the trace of a request, their attributes, and
 * the log lines with them.
 */
import { describe, expect, test, vi } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const clientSpan = '00f067aa0ba902b7';
const parent = (flags = '01') => `00-${traceId}-${clientSpan}-${flags}`;
const gatewaySecret = 'g'.repeat(40);
const base = '/api/auth/v2';

const running = closedAfterEach();

function keep<T extends { close(): Promise<void> }>(one: T): T {
  running.push(one);
  return one;
}

/** The Auth API as a process, with one signed-in user. `more`: lines of its file. */
async function startAuthApi(more: string) {
  const folder = createConfigFolder();
  running.push({ close: async () => folder.remove() });
  const database = folder.write('auth.db', '');
  const { secret } = authApiSettings;
  const before = await createAuthApi({
    settings: { ...authApiSettings, database },
    log: { info() {}, warn() {}, error() {} },
  });
  const ana = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: ['user'], groups: [] };
  const { userId } = await before.createUser(ana);
  const { bearer } = await before.createVerifiedSession(userId);
  await before.close();
  const places = 'listen: "127.0.0.1:0"\nmetrics: "127.0.0.1:0"';
  const config = folder.write('auth-api.yaml', `database: "${database}"\nsecret: "${secret}"\n${places}\n${more}\n`);
  const command = runRolegate(['auth-api', '--config', config]);
  keep({
    async close() {
      command.signal('SIGTERM');
      expect(await command.ended).toBe(0);
    },
  });
  const [, port, metrics] = await command.see(/"listen":\{[^}]*"port":(\d+)\},"metrics":\{[^}]*"port":(\d+)\}/);
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${bearer}`, ...headers } });
  return { command, port, metricsUrl: `http://127.0.0.1:${metrics}/metrics`, get, userId, bearer };
}

const tracingTo = ({ url }: OtlpReceiver, more: string) => `tracing: { endpoint: "${url}", ${more} }`;

const ofAuthApi = ({ kind, attributes }: ReceivedSpan) => kind === 'server' && 'url.scheme' in attributes;
const ofGateway = ({ attributes }: ReceivedSpan) => 'rolegate.entrypoint' in attributes;

async function startAll() {
  const receiver = keep(await startOtlpReceiver());
  const authApi = await startAuthApi(`gatewaySecret: ${gatewaySecret}\n${tracingTo(receiver, 'sample: 0')}`);
  const upstream = keep(await startRecordingUpstream());
  const gateway = keep(
    await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
tracing: { trust: all, endpoint: "${receiver.url}", sample: 0 }
authApi: { url: "http://127.0.0.1:${authApi.port}", gatewaySecret: ${gatewaySecret} }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: order, match: { path: "/orders/{id}" }, upstream: service, access: [user] }]
`),
  );
  const send = (bearer: string, flags = '01') =>
    sendRaw(
      gateway.port,
      `GET /orders/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\ntraceparent: ${parent(flags)}\r\n\r\n`,
    );
  return { receiver, authApi, upstream, send };
}

describe('a request through client, gateway, Auth API and service', () => {
  test('is one trace with the right parents', async () => {
    const { receiver, authApi, upstream, send } = await startAll();
    expect((await send(authApi.bearer)).status).toBe(200);
    const [request, checked] = [await receiver.span(ofGateway), await receiver.span(ofAuthApi)];
    const one = (fits: (span: ReceivedSpan) => boolean) => receiver.spans.find(fits);
    const decide = one(({ name }) => name === 'decide');
    const source = one(({ attributes }) => 'rolegate.credential_source' in attributes);
    const sent = one(({ attributes }) => 'rolegate.upstream' in attributes);
    expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(receiver.spans).toHaveLength(5);
    expect(request.parentId).toBe(clientSpan);
    expect(decide?.parentId).toBe(request.spanId);
    expect(source?.parentId).toBe(decide?.spanId);
    expect(checked.parentId).toBe(source?.spanId);
    expect(sent?.parentId).toBe(request.spanId);
    expect(upstream.last().header('traceparent')).toEqual([`00-${traceId}-${sent?.spanId}-01`]);
    expect(checked).toMatchObject({ name: `GET ${base}/session`, failed: false });
    expect(checked.attributes).toEqual({
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': `${base}/session`,
      'http.route': `${base}/session`,
      'http.response.status_code': 200,
      'rolegate.operation': expect.stringMatching(/session/i),
    });
    expect(checked.resource).toMatchObject({ 'service.name': 'rolegate-auth-api' });
    expect(request.resource).toMatchObject({ 'service.name': 'rolegate' });
    expect(checked.endedAt).toBeGreaterThanOrEqual(checked.startedAt);
  });

  test("that is refused has the trace id in the log lines of both, and the Auth API's error id in its span", async () => {
    const { receiver, authApi, send } = await startAll();
    expect((await send('u'.repeat(40))).status).toBe(401);
    const { attributes, failed } = await receiver.span(ofAuthApi);
    const [line = ''] = await authApi.command.see(/\{[^\n]*"msg":"request refused"[^\n]*/);
    const { errorId, traceId: logged, code, status } = JSON.parse(line);
    expect({ logged, status }).toEqual({ logged: traceId, status: 401 });
    expect(attributes).toMatchObject({
      'error.type': code,
      'http.response.status_code': 401,
      'rolegate.error_id': errorId,
    });
    expect(failed).toBe(false);
    expect(receiver.bytes.includes('u'.repeat(40))).toBe(false);
  });

  test('that the client does not record is recorded nowhere', async () => {
    const { receiver, authApi, send } = await startAll();
    expect((await send(authApi.bearer, '00')).status).toBe(200);
    // With another credential, so the Auth API is called again; spans are sent in order.
    expect((await send('u'.repeat(40))).status).toBe(401);
    await receiver.span(ofAuthApi);
    expect(receiver.spans.filter(ofAuthApi)).toHaveLength(1);
    expect(receiver.spans.find(ofAuthApi)?.attributes).toMatchObject({ 'http.response.status_code': 401 });
  });
});

describe('the standalone Auth API', () => {
  test('starts a new trace for a client that is not a gateway, and uses that of a gateway and of a trusted proxy', async () => {
    const receiver = keep(await startOtlpReceiver());
    const { get } = await startAuthApi(`gatewaySecret: ${gatewaySecret}\n${tracingTo(receiver, 'sample: 1')}`);
    const traceparent = parent();
    await get(`${base}/session`, { traceparent });
    await get(`${base}/session`, { traceparent, 'x-rolegate-gateway': 'wrong' });
    await get(`${base}/session`, { traceparent, 'x-rolegate-gateway': gatewaySecret });
    await vi.waitFor(() => expect(receiver.spans.filter(ofAuthApi)).toHaveLength(3), { timeout: 15_000 });
    expect(receiver.spans.map(({ parentId }) => parentId)).toEqual(['', '', clientSpan]);
    expect(new Set(receiver.spans.map((span) => span.traceId)).size).toBe(3);
    const proxied = await startAuthApi(`trustedProxies: ["127.0.0.1"]\n${tracingTo(receiver, 'sample: 0')}`);
    await proxied.get(`${base}/session`, { traceparent });
    await vi.waitFor(() => expect(receiver.spans).toHaveLength(4), { timeout: 15_000 });
    expect(receiver.spans[3]).toMatchObject({ traceId, parentId: clientSpan });
  });

  test('sends no path parameter, credential or health check, and counts what it sends', async () => {
    const receiver = keep(await startOtlpReceiver());
    const { get, userId, bearer, metricsUrl } = await startAuthApi(tracingTo(receiver, 'trust: all, sample: 1'));
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(200);
    expect((await get(`${base}/user/${userId}?x=hidden`)).status).toBe(200);
    expect((await get('/nowhere/hidden')).status).toBe(404);
    await vi.waitFor(() => expect(receiver.spans).toHaveLength(2), { timeout: 15_000 });
    const [user, nowhere] = receiver.spans;
    expect(user).toMatchObject({ name: expect.stringMatching(/^GET \/api\/auth\/v2\/user\/\{\w+\}$/) });
    expect(user?.attributes).not.toHaveProperty('url.path');
    expect(nowhere).toMatchObject({
      name: 'GET',
      attributes: { 'error.type': 'route_not_found', 'http.response.status_code': 404 },
    });
    for (const word of [userId, bearer, 'hidden', 'example.test']) expect(receiver.bytes.includes(word)).toBe(false);
    await vi.waitFor(async () =>
      expect(await (await fetch(metricsUrl)).text()).toContain('rolegate_trace_spans_total{result="exported"} 2'),
    );
  });

  test("without tracing, logs the client's trace id", async () => {
    const { command, get } = await startAuthApi('');
    expect((await get('/nowhere', { traceparent: parent() })).status).toBe(404);
    await command.see(new RegExp(`"traceId":"${traceId}","operation":"none","code":"route_not_found"`));
    expect((await get('/nowhere')).status).toBe(404);
    await command.see(/"errorId":"[0-9a-f-]{36}","operation":"none","code":"route_not_found"/);
  });
});

test('an embedded Auth API is part of the trace, in the service of its gateway', async () => {
  const receiver = keep(await startOtlpReceiver());
  const gateway = keep(
    await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
tracing: { trust: all, endpoint: "${receiver.url}", sample: 0 }
authApi: { embedded: { database: ":memory:", secret: "${authApiSettings.secret}" } }
upstreams: { service: { targets: ["http://127.0.0.1:1"] } }
routes: [{ id: closed, match: { path: "/closed" }, upstream: service, access: authenticated }]
`),
  );
  const head = `Host: a\r\nAuthorization: Bearer ${'u'.repeat(40)}\r\ntraceparent: ${parent()}`;
  expect((await sendRaw(gateway.port, `GET /closed HTTP/1.1\r\n${head}\r\n\r\n`)).status).toBe(401);
  const [checked, request] = [await receiver.span(ofAuthApi), await receiver.span(ofGateway)];
  const source = receiver.spans.find(({ attributes }) => 'rolegate.credential_source' in attributes);
  expect(checked).toMatchObject({ traceId, parentId: source?.spanId, resource: request.resource });
  expect(gateway.logLines().find(({ msg }) => msg === 'request refused')).toMatchObject({ traceId });
});
