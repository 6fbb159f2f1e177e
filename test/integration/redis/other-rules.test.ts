/**
 * A gateway that shares its Redis and its secret with one of another configuration: what the other one accepted under
 * different rules is not accepted here, as after a change of the configuration.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { type RunningGateway, startGateway, untilConnected } from '../../support/running-gateway.ts';
import { startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let issuer: TokenIssuer;
let service: { origin: string; calls: string[] };
let gatewayOf: (sources: string, credentials?: string) => Promise<RunningGateway>;

beforeEach(async () => {
  issuer = await startTokenIssuer();
  service = await startService();
  const upstream = await startRecordingUpstream();
  const { url, keyPrefix } = await useRedis();
  // Logs that have existed for a while: entries from before their start are ignored.
  const redis = new Redis(url);
  for (const log of ['log', 'results']) {
    await redis.xadd(`${keyPrefix}{revocations}:${log}`, `${Date.now() - 48 * 3_600_000}-0`, 'begin', '1');
  }
  redis.disconnect();
  onTestFinished(async () => {
    await Promise.all([issuer.close(), upstream.close()]);
  });
  gatewayOf = async (sources, credentials = '') => {
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
sources: { ${sources} }
${credentials}
cache: { secret: "${'s'.repeat(40)}", redis: { url: "${url}", keyPrefix: "${keyPrefix}", timeout: 1s }, whileDisconnected: 10s }
identityHeaders: { user-id: userId, user-source: source }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: [user] }
`);
    onTestFinished(gateway.close);
    await untilConnected(gateway.metrics);
    return gateway;
  };
});

/**
 * An Auth API, an introspection endpoint for two clients, and a UserInfo endpoint in one. Returns everything about one
 * user.
 */
async function startService() {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    calls.push(request.url ?? '');
    const [, pair = ''] = request.headers.authorization?.split(' ') ?? [];
    const client = Buffer.from(pair, 'base64').toString().split(':')[0];
    const active = client !== 'stranger';
    const claims = { sub: 'ann', aud: 'billing', scope: 'read', roles: ['user'], others: ['guest'] };
    for await (const _ of request);
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ active, token_type: 'Bearer', realm: 'a', ...claims }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

const status = async (gateway: RunningGateway, token: string) => {
  const response = await fetch(gateway.origin, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
};

const introspection = (more: string, client = 'gw', path = '/introspect') =>
  `one: { kind: introspection, url: "${service.origin}${path}", client: { id: ${client}, secret: a-client-secret }${more} }`;
const userinfo = (more: string, path = '/userinfo') =>
  `one: { kind: userinfo, url: "${service.origin}${path}"${more} }`;
const authApi = (more: string) =>
  `one: { kind: authApi, url: "${service.origin}", fields: { userId: sub, verified: null, expireAt: null, sessionId: null, groups: null, alias: null, fullName: null${more} } }`;
const jwt = (more: string, audience = '[orders, billing]') =>
  `one: { kind: jwt, issuer: "${issuer.issuer}", audience: ${audience}${more} }`;

/** Both use the same source name. The second one, on its own, refuses what the first one accepts. */
const changes: readonly [what: string, lenient: () => string, strict: () => string, refused: 401 | 403][] = [
  ['introspection for another audience', () => introspection(''), () => introspection(', audience: [orders]'), 401],
  ['introspection with a claim', () => introspection(''), () => introspection(', requiredClaims: [tenant]'), 401],
  [
    'introspection with another value',
    () => introspection(''),
    () => introspection(', requiredValues: { realm: [b] }'),
    401,
  ],
  ['introspection by another client', () => introspection(''), () => introspection('', 'stranger'), 401],
  [
    'introspection with other fields',
    () => introspection(', fields: { roles: roles }'),
    () => introspection(', fields: { roles: others }'),
    403,
  ],
  [
    'UserInfo with other fields',
    () => userinfo(', fields: { roles: roles }'),
    () => userinfo(', fields: { roles: others }'),
    403,
  ],
  ['an Auth API with other fields', () => authApi(', roles: roles'), () => authApi(', roles: others'), 403],
  ['another kind of source', () => userinfo(''), () => introspection(', audience: [orders]'), 401],
  ['tokens for another audience', () => jwt(''), () => jwt('', '[billing]'), 401],
  ['tokens with a claim', () => jwt(''), () => jwt(', requiredClaims: [tenant]'), 401],
  ['tokens of another type', () => jwt(''), () => jwt(', types: [access+jwt]'), 401],
  ['tokens by another algorithm', () => jwt(''), () => jwt(', algorithms: [RS256]'), 401],
  [
    'tokens that are also introspected',
    () => `${jwt('')}, two: { kind: introspection, url: "${service.origin}/i", client: { id: gw, secret: a-secret } }`,
    () =>
      `${jwt(', introspect: onMiss, introspection: two')}, two: { kind: introspection, url: "${service.origin}/i", client: { id: stranger, secret: a-secret } }`,
    401,
  ],
];

describe.each(changes)('%s', (_, lenient, strict, refused) => {
  test('a credential that one gateway accepts is refused by the other', async () => {
    const one = await gatewayOf(lenient());
    const token = await issuer.token();
    expect(await status(one, token)).toBe(200);
    const other = await gatewayOf(strict());
    expect(await status(other, token)).toBe(refused);
    // Nor the other way round.
    expect(await status(await gatewayOf(lenient()), token)).toBe(200);
  });

  test('control: under the same rules the verdict is shared', async () => {
    const token = await issuer.token();
    expect(await status(await gatewayOf(lenient()), token)).toBe(200);
    const asked = service.calls.length + issuer.requested.length;
    const other = await gatewayOf(lenient());
    expect(await status(other, token)).toBe(200);
    expect(service.calls.length + issuer.requested.length).toBe(asked);
    expect(await other.metrics()).toMatch(/^rolegate_redis_operations_total\{operation="get",outcome="hit"\} 1$/m);
  });
});

test("a source's timeout and concurrency, and the client's secret, make no difference", async () => {
  const token = 'an-opaque-token';
  expect(await status(await gatewayOf(introspection('')), token)).toBe(200);
  const rotated = introspection(', timeout: 3s, concurrency: 7').replace('a-client-secret', 'the-next-secret');
  expect(await status(await gatewayOf(rotated), token)).toBe(200);
  expect(service.calls).toHaveLength(1);
});
