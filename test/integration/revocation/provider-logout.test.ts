/** A real OpenID provider: who signs out there is refused by three replicas, with the response to the provider. */
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { cacheSecret } from './world.ts';

const resource = 'https://orders.example.test';

test.each([
  ['by its session', { backchannel_logout_session_required: true }],
  ['by its user', {}],
])('a logout at the provider takes effect on three replicas: %s', async (_name, metadata) => {
  const adminPort = await freePort();
  const provider = await startOpenidProvider(
    { client_secret: 'a client secret' },
    { backchannel_logout_uri: `http://127.0.0.1:${adminPort}/backchannel-logout`, ...metadata },
  );
  const [upstream, redis] = [await startRecordingUpstream(), await useRedis()];
  onTestFinished(async () => {
    await Promise.all([provider.close(), upstream.close()]);
  });
  const gateways = await Promise.all(
    [adminPort, 0, 0].map(async (port) => {
      const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:${port}" }
sources:
  provider: { kind: jwt, issuer: "${provider.issuer}", audience: ["${resource}"], logout: { audience: [web] } }
cache: { secret: "${cacheSecret}", redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 1s }, whileDisconnected: 10s }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
`);
      onTestFinished(gateway.close);
      return gateway;
    }),
  );
  const statuses = (token: string) =>
    Promise.all(
      gateways.map(async ({ origin }) => {
        const response = await fetch(`${origin}/own`, { headers: { authorization: `Bearer ${token}` } });
        await response.arrayBuffer();
        return response.status;
      }),
    );
  const { access_token: token } = await provider.codeFlow({ resource });
  expect(await statuses(token)).toEqual([200, 200, 200]);
  await provider.signOut();
  expect(await statuses(token)).toEqual([401, 401, 401]);
  expect(gateways[0]!.logText()).toContain('"source":"logout"');
});
