/**
 * A request that waits for its verdict during a reload is parsed and forwarded by the configuration under which it
 * arrived.
 */
import { expect, test, vi } from 'vitest';
import { closedAfterEach } from '../support/closed-after-each.ts';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';

const running = closedAfterEach();

test("a client's header does not become its address where the new proxy setting would trust it", async () => {
  const upstream = await startRecordingUpstream();
  const authApi = await startFakeAuthApi();
  running.push(upstream, authApi);
  authApi.addSession('good');
  const configured = (written: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: ["127.0.0.1"], forwardedHeaders: ${written} }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated }
`;
  const gateway = await startGateway(configured('x-forwarded'));
  running.push(gateway);
  await authApi.behave({ kind: 'slow' });
  const client = await openRaw(gateway.port);
  client.write(
    'GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nX-Forwarded-For: 203.0.113.7\r\nForwarded: for=10.0.0.1;host=inside\r\n\r\n',
  );
  await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
  gateway.apply(configured('forwarded'));
  await authApi.behave({ kind: 'fine' });
  expect((await client.answer()).status).toBe(200);
  client.destroy();
  expect(upstream.last().header('x-forwarded-for')).toEqual(['203.0.113.7, 127.0.0.1']);
  expect(upstream.last().header('x-real-ip')).toEqual(['203.0.113.7']);
  expect(upstream.last().header('x-forwarded-host')).toEqual(['a']);
});
