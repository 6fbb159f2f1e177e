/**
 * A real OpenID provider: after a logout there, every replica refuses the user as soon as the provider has its
 * response, whether the gateway verifies the token itself or has introspected it at the provider.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { type OpenidProvider, startOpenidProvider } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { type RunningGateway, startGateway, untilConnected } from '../../support/running-gateway.ts';
import { cacheSecret } from './world.ts';

const resource = 'https://orders.example.test';
const clientSecret = 'a client secret';

interface Replicas {
  readonly gateways: readonly RunningGateway[];
  statuses(token: string): Promise<number[]>;
}

/** `more`: sources besides the verifying one, and which credentials they handle. One admin port each; 0: any. */
async function startReplicas({ issuer }: OpenidProvider, adminPorts: readonly number[], more = ''): Promise<Replicas> {
  const [upstream, redis] = [await startRecordingUpstream(), await useRedis()];
  onTestFinished(upstream.close);
  const gateways = await Promise.all(
    adminPorts.map(async (port) => {
      const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:${port}" }
cache: { secret: "${cacheSecret}", redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 1s }, accepted: 1h, whileDisconnected: 10s, refreshAhead: false }
identityHeaders: { user-id: userId, user-source: source }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
sources:
  provider: { kind: jwt, issuer: "${issuer}", audience: ["${resource}"], logout: { audience: [web] } }
${more}`);
      onTestFinished(gateway.close);
      await untilConnected(gateway.metrics);
      return gateway;
    }),
  );
  return {
    gateways,
    statuses: (token) =>
      Promise.all(
        gateways.map(async ({ origin }) => {
          const response = await fetch(`${origin}/own`, { headers: { authorization: `Bearer ${token}` } });
          await response.arrayBuffer();
          return response.status;
        }),
      ),
  };
}

async function startProvider(logoutUrl: string, metadata: object = {}): Promise<OpenidProvider> {
  const provider = await startOpenidProvider(
    { client_secret: clientSecret },
    { backchannel_logout_uri: logoutUrl, ...metadata },
  );
  onTestFinished(provider.close);
  return provider;
}

test.each([
  ['by its session', { backchannel_logout_session_required: true }],
  ['by its user', {}],
])('a logout at the provider takes effect on three replicas: %s', async (_name, metadata) => {
  const adminPort = await freePort();
  const provider = await startProvider(`http://127.0.0.1:${adminPort}/backchannel-logout`, metadata);
  const { gateways, statuses } = await startReplicas(provider, [adminPort, 0, 0]);
  const { access_token: token } = await provider.codeFlow({ resource });
  expect(await statuses(token)).toEqual([200, 200, 200]);
  await provider.signOut();
  expect(await statuses(token)).toEqual([401, 401, 401]);
  expect(gateways[0]!.logText()).toContain('"source":"logout"');
});

const introspection = (issuer: string, more: string) =>
  `  opaque: { kind: introspection, url: "${issuer}/token/introspection", client: { id: gateway, secret: "${clientSecret}" }${more} }
credentials: { bearer: { source: opaque } }`;

const userinfo = (issuer: string, more: string) =>
  `  profile: { kind: userinfo, url: "${issuer}/me"${more} }
credentials: { bearer: { source: profile } }`;

/** Receives the logout token instead of the gateway, forwards it, and then runs `meanwhile` before it responds. */
async function startRelay(adminPort: number, meanwhile: () => Promise<void>): Promise<string> {
  const relay = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const headers = { 'content-type': String(request.headers['content-type']) };
      const body = Buffer.concat(parts);
      const taken = await fetch(`http://127.0.0.1:${adminPort}/backchannel-logout`, { method: 'POST', headers, body });
      await meanwhile();
      response.writeHead(taken.status).end();
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(async () => {
    await new Promise((resolve) => relay.close(resolve));
  });
  return `http://127.0.0.1:${(relay.address() as AddressInfo).port}/`;
}

test.each([
  ['introspection', 'by its session', introspection, { backchannel_logout_session_required: true }],
  ['introspection', 'by its user', introspection, {}],
  ['userinfo', 'by its session', userinfo, { backchannel_logout_session_required: true }],
  ['userinfo', 'by its user', userinfo, {}],
])('a logout at the provider ends cached results of %s on two replicas: %s', async (_kind, _by, source, metadata) => {
  const adminPort = await freePort();
  // The provider ends its tokens after the response, and reports them as active until then.
  let meanwhile: () => Promise<void> = async () => {};
  const provider = await startProvider(await startRelay(adminPort, () => meanwhile()), metadata);
  const more = source(provider.issuer, `, issuer: "${provider.issuer}"`);
  const { statuses } = await startReplicas(provider, [adminPort, 0], more);
  const { access_token: token } = await provider.codeFlow();
  expect(await statuses(token)).toEqual([200, 200]);
  let asked: number[] = [];
  meanwhile = async () => {
    asked = await statuses(token);
  };
  await provider.signOut();
  expect(asked).toEqual([200, 200]);
  expect(await statuses(token)).toEqual([401, 401]);
  meanwhile = async () => {};
  const { access_token: next } = await provider.codeFlow();
  expect(await statuses(next)).toEqual([200, 200]);
});

test('control: results of a source without an issuer stay cached', async () => {
  const adminPort = await freePort();
  const provider = await startProvider(`http://127.0.0.1:${adminPort}/backchannel-logout`);
  const { statuses } = await startReplicas(provider, [adminPort, 0], introspection(provider.issuer, ''));
  const { access_token: token } = await provider.codeFlow();
  expect(await statuses(token)).toEqual([200, 200]);
  await provider.signOut();
  expect(await statuses(token)).toEqual([200, 200]);
});
