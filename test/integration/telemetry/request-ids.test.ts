/** How a log line identifies a request, and the request id at the service and, if configured, at the client. */
import { hostname } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const running = closedAfterEach();

async function start(server = '') {
  const upstream = await startRecordingUpstream({ answer: () => ({ rawHeaders: ['x-request-id', 'of the service'] }) });
  running.push(upstream);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false${server} }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
  - { id: closed, match: { path: "/closed" }, upstream: service, access: authenticated }
`);
  running.push(gateway);
  const line = async (path: string) =>
    await vi.waitFor(() => {
      const found = gateway.logLines().find((one) => one['msg'] === 'request' && one['path'] === path);
      return found ?? expect.fail('not logged yet');
    });
  return { gateway, line };
}

describe('x-request-id of a response', () => {
  test('is the id of the log line if configured, for refusals too', async () => {
    const { gateway, line } = await start(', returnRequestId: true');
    for (const path of ['/open', '/closed']) {
      const response = await sendRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const { requestId } = await line(path);
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers('x-request-id')).toEqual([requestId]);
    }
  });

  test("is the service's own by default", async () => {
    const { gateway } = await start();
    const response = await sendRaw(gateway.port, 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(response.header('x-request-id')).toBe('of the service');
    const refused = await sendRaw(gateway.port, 'GET /closed HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(refused.header('x-request-id')).toBeUndefined();
  });
});

test('the user agent is in the log line', async () => {
  const { gateway, line } = await start();
  await sendRaw(gateway.port, `GET /open HTTP/1.1\r\nHost: a\r\nUser-Agent: ${'x'.repeat(300)}\r\n\r\n`);
  expect(await line('/open')).toMatchObject({ userAgent: `${'x'.repeat(256)}...` });
  await sendRaw(gateway.port, 'GET /closed HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await line('/closed')).not.toHaveProperty('userAgent');
});

test.each([
  ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex'), 'tls_on_plain_port', /TLS/],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2_on_plain_port', /HTTP\/1\.1/],
  ['RTSP', 'GET /open RTSP/1.0\r\nHost: a\r\n\r\n', 'request_malformed', /HTTP/],
  ['ICE', 'GET /open ICE/1.0\r\nHost: a\r\n\r\n', 'request_malformed', /HTTP/],
])('the line of %s has the reason and no empty members', async (_, bytes, reason, text) => {
  const { gateway } = await start();
  const response = await sendRaw(gateway.port, bytes);
  expect(response.status).toBe(400);
  expect(response.header('x-error')).toMatch(text);
  const line = await vi.waitFor(
    () => gateway.logLines().find((one) => one['msg'] === 'request') ?? expect.fail('not logged yet'),
  );
  expect(line).toEqual({
    level: 'info',
    time: expect.any(String),
    msg: 'request',
    instance: hostname(),
    entrypoint: 'proxy',
    errorId: response.header('x-error-id'),
    status: 400,
    outcome: 'refuse',
    reason,
    fault: 'client',
    client: '127.0.0.1',
    bytesOut: expect.any(Number),
    ms: expect.any(Object),
  });
});
