/**
 * Spans at a collector: their parents, the ids that services and sources received, their attributes, and the behavior
 * without a collector.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { checkBytes, getCheck } from '../../support/authorizer-checks.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { connectExtAuthz } from '../../support/ext-authz-client.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const clientSpan = '00f067aa0ba902b7';
const parent = (flags = '01') => `00-${traceId}-${clientSpan}-${flags}`;
const secret = 'b'.repeat(40);

const running = closedAfterEach();

function keep<T extends { close(): Promise<void> }>(one: T): T {
  running.push(one);
  return one;
}

/** `tracing`: additional settings. */
async function start(tracing = '', { sample = 1, collector = null as OtlpReceiver | null } = {}) {
  const receiver = collector ?? keep(await startOtlpReceiver());
  const upstream = keep(await startRecordingUpstream());
  const authApi = keep(await startFakeAuthApi());
  authApi.addSession(secret, { userId: 'ann', roles: ['user'] });
  const config = (more: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
tracing: { trust: all, endpoint: "${receiver.url}", sample: ${sample}${more} }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["${upstream.origin}"] }, gone: { targets: ["http://127.0.0.1:1"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: service, access: [user] }
  - { id: closed, match: { path: "/closed" }, upstream: service, access: [admin] }
  - { id: gone, match: { path: "/gone" }, upstream: gone, access: public }
`;
  const gateway = keep(await startGateway(config(tracing)));
  const send = (target: string, headers: readonly string[] = [], method = 'GET') => {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: shop.example.test', `Authorization: Bearer ${secret}`];
    return sendRaw(gateway.port, `${[...lines, ...headers].join('\r\n')}\r\n\r\n`);
  };
  return { receiver, upstream, authApi, gateway, send, config };
}

const server = ({ kind }: ReceivedSpan) => kind === 'server';

/** The spans in the trace of one request, by what they cover. */
async function spansOf(receiver: OtlpReceiver) {
  const request = await receiver.span(server);
  const ofTrace = receiver.spans.filter((span) => span.traceId === request.traceId);
  const one = (fits: (span: ReceivedSpan) => boolean) => ofTrace.find(fits);
  return {
    request,
    decide: one(({ kind }) => kind === 'internal'),
    source: one(({ attributes }) => 'rolegate.credential_source' in attributes),
    upstream: one(({ attributes }) => 'rolegate.upstream' in attributes),
    count: ofTrace.length,
  };
}

function sourceHeader(authApi: Awaited<ReturnType<typeof startFakeAuthApi>>, name: string): string | undefined {
  const headers = authApi.received[0] ?? [];
  return headers[headers.indexOf(name) + 1];
}

describe('a request through client, gateway, Auth API and service', () => {
  test('is one trace with the right parents, and both received the ids of their spans', async () => {
    const { receiver, upstream, authApi, send } = await start();
    const headers = [`traceparent: ${parent('03')}`, 'tracestate: congo=1'];
    expect((await send('/orders/7?token=hidden', headers)).status).toBe(200);
    const spans = await spansOf(receiver);
    expect(spans.count).toBe(4);
    const { request, decide, source, upstream: sent } = spans;
    expect([request, decide, source, sent].map((span) => span?.traceId)).toEqual(Array(4).fill(traceId));
    expect(request).toMatchObject({ parentId: clientSpan, traceState: 'congo=1', kind: 'server' });
    expect(decide).toMatchObject({ parentId: request.spanId, kind: 'internal', name: 'decide' });
    expect(source).toMatchObject({ parentId: decide?.spanId, kind: 'client', name: 'GET' });
    expect(sent).toMatchObject({ parentId: request.spanId, kind: 'client', name: 'GET' });
    expect(upstream.last().header('traceparent')).toEqual([`00-${traceId}-${sent?.spanId}-03`]);
    expect(upstream.last().header('tracestate')).toEqual(['congo=1']);
    expect(sourceHeader(authApi, 'traceparent')).toBe(`00-${traceId}-${source?.spanId}-03`);
    expect(sourceHeader(authApi, 'tracestate')).toBe('congo=1');
  });

  test('nests each span within its parent', async () => {
    const { receiver, send } = await start();
    await send('/orders/7');
    const { request, decide, source, upstream } = await spansOf(receiver);
    for (const [inner, outer] of [
      [decide, request],
      [source, decide],
      [upstream, request],
    ]) {
      expect(inner!.startedAt).toBeGreaterThanOrEqual(outer!.startedAt - 0.01);
      expect(inner!.endedAt).toBeLessThanOrEqual(outer!.endedAt + 0.01);
      expect(inner!.endedAt).toBeGreaterThan(inner!.startedAt);
    }
    expect(Math.abs(request.endedAt - Date.now())).toBeLessThan(60_000);
  });

  test('has these attributes, and none about credential, query, user or client', async () => {
    const { receiver, upstream, authApi, send } = await start(', serviceName: edge');
    await send('/orders/7?token=hidden');
    const { request, decide, source, upstream: sent } = await spansOf(receiver);
    expect(request.name).toBe('GET /orders/{id}');
    expect(request.attributes).toEqual({
      'http.request.method': 'GET',
      'url.path': '/orders/7',
      'server.address': 'shop.example.test',
      'http.route': '/orders/{id}',
      'http.response.status_code': 200,
      'rolegate.route': 'order',
      'rolegate.entrypoint': 'proxy',
      'rolegate.outcome': 'allow',
      'rolegate.request_id': upstream.last().header('x-request-id')[0],
    });
    expect(decide?.attributes).toEqual({
      'rolegate.outcome': 'allow',
      'rolegate.stage': 'authorize',
      'rolegate.source': 'auth-api',
    });
    const authApiUrl = new URL(authApi.url);
    expect(source?.attributes).toEqual({
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': Number(authApiUrl.port),
      'url.full': `${authApiUrl.href}/session`,
      'http.response.status_code': 200,
      'rolegate.credential_source': 'authApi',
    });
    expect(sent?.attributes).toEqual({
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
      'http.response.status_code': 200,
      'rolegate.upstream': 'service',
    });
    expect(request.resource).toEqual({
      'service.name': 'edge',
      'service.version': 'test',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    for (const word of [secret, 'hidden', 'token', 'ann']) expect(receiver.bytes.includes(word)).toBe(false);
  });
});

describe('a request that is refused or fails', () => {
  test('for a missing role has the reason as its error and the error id, and is not an error of the gateway', async () => {
    const { receiver, send } = await start();
    const response = await send('/closed');
    const { request, decide, upstream } = await spansOf(receiver);
    expect(request.attributes).toMatchObject({
      'error.type': 'role_missing',
      'http.response.status_code': 403,
      'rolegate.outcome': 'refuse',
      'rolegate.error_id': response.header('x-error-id'),
    });
    expect(request.failed).toBe(false);
    expect(decide?.attributes).toMatchObject({ 'error.type': 'role_missing', 'rolegate.stage': 'authorize' });
    expect(upstream).toBeUndefined();
  });

  test('because the service is down', async () => {
    const { receiver, send } = await start();
    expect((await send('/gone')).status).toBe(502);
    const { request, upstream } = await spansOf(receiver);
    expect(request).toMatchObject({ failed: true, attributes: { 'http.response.status_code': 502 } });
    expect(upstream).toMatchObject({ failed: true, attributes: { 'error.type': request.attributes['error.type'] } });
    expect(upstream?.attributes).not.toHaveProperty('http.response.status_code');
  });

  test('because the Auth API fails', async () => {
    const { receiver, authApi, send } = await start();
    await authApi.behave({ kind: 'down' });
    expect((await send('/orders/7')).status).toBe(503);
    const { request, source } = await spansOf(receiver);
    expect(request.attributes).toMatchObject({ 'error.type': 'auth_unavailable' });
    expect(source).toMatchObject({ failed: true, attributes: { 'error.type': 'connection' } });
  });

  test('without a route: the client does not choose the name of the span', async () => {
    const { receiver, send } = await start();
    await send('/nowhere', [], 'BREW');
    const { request } = await spansOf(receiver);
    expect(request).toMatchObject({ name: 'HTTP', attributes: { 'http.request.method': '_OTHER' } });
  });
});

test.each(['nginx', 'grpc'] as const)(
  'a check over %s has the same spans, without a request to a service',
  async (by) => {
    const receiver = keep(await startOtlpReceiver());
    const authApi = keep(await startFakeAuthApi());
    authApi.addSession('good', { roles: ['user'] });
    const places = {
      nginx: 'listen: "127.0.0.1:0", dialects: { nginx: /nginx }',
      grpc: 'grpc: { listen: "127.0.0.1:0" }',
    };
    const gateway = keep(
      await startGateway(`version: 1
server: { listen: false, admin: false }
tracing: { trust: all, endpoint: "${receiver.url}", sample: 0 }
authorizer: { ${places[by]} }
authApi: { url: "${new URL(authApi.url).origin}" }
routes: [{ id: closed, match: { path: "/closed" }, access: authenticated }]
`),
    );
    const check = getCheck('/closed', ['Authorization', 'Bearer good', 'traceparent', parent()]);
    if (by === 'nginx') {
      await sendRaw(gateway.authorizerPort, checkBytes(by, check));
    } else {
      const proxy = connectExtAuthz(gateway.grpcPort);
      running.push({ close: async () => proxy.close() });
      await proxy.ask(check);
    }
    const { request, decide, source, count } = await spansOf(receiver);
    expect(count).toBe(3);
    expect(request).toMatchObject({
      name: 'GET /closed',
      parentId: clientSpan,
      attributes: { 'rolegate.entrypoint': 'authorizer', 'http.response.status_code': 200 },
    });
    expect([decide?.parentId, source?.parentId]).toEqual([request.spanId, decide?.spanId]);
    expect(sourceHeader(authApi, 'traceparent')).toBe(`00-${traceId}-${source?.spanId}-01`);
  },
);

describe('sampling', () => {
  test('follows the client: an unsampled trace is not recorded, and is forwarded unchanged', async () => {
    const { receiver, upstream, send } = await start();
    await send('/orders/7', [`traceparent: ${parent('00')}`]);
    expect(upstream.last().header('traceparent')).toEqual([parent('00')]);
    await send('/orders/8', [`traceparent: 00-${'a'.repeat(32)}-${clientSpan}-01`]);
    await receiver.span(server);
    expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set(['a'.repeat(32)]));
  });

  test.each([
    [0, 0, 0],
    [0.5, 1, 59],
    [1, 60, 60],
  ])('records a share of new traces: %d', async (sample, least, most) => {
    const { receiver, upstream, gateway, send } = await start('', { sample });
    for (let i = 0; i < 60; i += 1) await send('/orders/7');
    const recorded = upstream.requests.filter((request) => request.header('traceparent')[0]?.endsWith('-03')).length;
    expect(recorded).toBeGreaterThanOrEqual(least);
    expect(recorded).toBeLessThanOrEqual(most);
    await gateway.close();
    expect(receiver.spans.filter(server)).toHaveLength(recorded);
  });
});

test('headers for the collector are sent, and reach no log', async () => {
  const { receiver, gateway, send } = await start(', headers: { Authorization: "Bearer of-the-collector" }');
  await send('/orders/7');
  await receiver.span(server);
  expect(receiver.exports[0]).toMatchObject({
    authorization: 'Bearer of-the-collector',
    'content-type': 'application/x-protobuf',
  });
  expect(gateway.logText()).not.toContain('of-the-collector');
});

test('pending spans are sent when the gateway ends', async () => {
  const { receiver, gateway, send } = await start();
  await send('/orders/7');
  await gateway.close();
  expect(receiver.spans.filter(server)).toHaveLength(1);
});

describe('a collector that accepts nothing', () => {
  const counted = async (gateway: RunningGateway, result: string) =>
    Number(
      new RegExp(`^rolegate_trace_spans_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(await gateway.metrics())?.[1],
    );
  const logged = (gateway: RunningGateway) =>
    gateway.logLines().filter(({ msg }) => /^spans (?:cannot be|are) exported/.test(String(msg)));

  test('causes a count and one line while it is down, and a line when it is back', async () => {
    const collector = await startOtlpReceiver();
    await collector.close();
    const { gateway, send } = await start(', timeout: 100ms, queue: 64', { collector });
    const failsAgain = async () => {
      const before = await counted(gateway, 'failed');
      expect((await send('/orders/7')).status).toBe(200);
      await vi.waitFor(async () => expect(await counted(gateway, 'failed')).toBeGreaterThan(before), {
        timeout: 15_000,
      });
    };
    await failsAgain();
    await failsAgain();
    expect(logged(gateway)).toMatchObject([{ level: 'warn', msg: expect.stringContaining('cannot') }]);
    const back = keep(await startOtlpReceiver(Number(new URL(collector.url).port)));
    await send('/orders/7');
    await back.span(server);
    await vi.waitFor(() => expect(logged(gateway)).toHaveLength(2));
    expect(logged(gateway)[1]).toMatchObject({ level: 'info' });
    expect(await counted(gateway, 'exported')).toBe(back.spans.length);
  });

  test('and does not respond: spans beyond the bound are dropped, and the gateway ends', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    running.push({
      async close() {
        silent.closeAllConnections();
        silent.close();
      },
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`;
    const { gateway, send } = await start(', timeout: 60s, queue: 64', { collector: { url } as OtlpReceiver });
    for (let i = 0; i < 40; i += 1) expect((await send('/orders/7')).status).toBe(200);
    // Of 121: the first request also calls the Auth API.
    expect(await counted(gateway, 'dropped')).toBe(121 - 64);
    await gateway.close();
  });
});

test('a reload changes the collector, and sends pending spans to the old one', async () => {
  const { receiver, gateway, send, config } = await start();
  const other = keep(await startOtlpReceiver());
  await send('/orders/7');
  gateway.apply(config('').replace(receiver.url, other.url));
  await receiver.span(server);
  await vi.waitFor(
    async () => {
      await send('/orders/8');
      expect(other.spans.filter(server).length).toBeGreaterThan(0);
    },
    { timeout: 15_000, interval: 200 },
  );
  expect(receiver.spans.filter(server)).toHaveLength(1);
});
