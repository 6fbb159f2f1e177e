import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { plainListener } from '../../../src/config/listener-config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { keyPairSettings, plainSources } from '../../support/credential-sources.ts';
import { env, readSecret } from './environment.ts';

function parse(text: string, variables: Readonly<Record<string, string>> = env): Config {
  const result = parseConfig(text, { file: 'gateway.yaml', env: variables, readSecret });
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.config;
}

function problemsOf(text: string): string[] {
  const result = parseConfig(text, { file: 'gateway.yaml', env, readSecret });
  return result.ok ? [] : result.problems.map(({ line, message }) => `${line}: ${message}`);
}

const smallest = 'version: 1\nauthApi: { url: "http://auth:8081/" }\nroutes: []\n';

/** A file with one route, whose keys other than id, match and upstream are passed as one line. */
function withRoute(keys: string, path = '/x/{id}'): string {
  return `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {}, reporter: { inherits: [user] }, admin: { inherits: [reporter] }, suspended: {} }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes: [{ id: x, match: { path: "${path}" }, upstream: orders, ${keys} }]
`;
}
const routeOf = (keys: string, path?: string) => parse(withRoute(keys, path)).routes.routes[0]!;

const at = (path: string, optional = false) => ({
  places: [{ path, steps: path.split('.'), split: null }],
  optional,
});
const common = {
  assumeVerifiedEmail: false,
  userId: at('userID'),
  roles: at('roles'),
  groups: at('groups'),
  expireAt: at('expireAt'),
  sessionId: null,
  keyId: null,
  tokenId: null,
  issuedAt: null,
  authenticatedAt: {
    places: ['authenticatedAt', 'auth_time'].map((path) => ({ path, steps: [path], split: null })),
    optional: true,
  },
  claims: [],
};

test('a minimal file gets the defaults', () => {
  const { server, routes, ...rest } = parse(smallest);
  const { trustedProxies, trustedRanges, ...listening } = server;
  expect(routes.routes).toEqual([]);
  expect(trustedProxies('127.0.0.1')).toBe(false);
  expect(trustedRanges).toEqual([]);
  expect(listening).toEqual({
    listeners: [plainListener({ host: '', port: 8080 })],
    admin: { host: '127.0.0.1', port: 9090 },
    adminTokens: [],
    adminHosts: [],
    trustEveryPeer: false,
    adminTls: null,
    forwardedHeaders: 'x-forwarded',
    clientCertificateHeader: null,
    proxyHeaders: [],
    returnRequestId: false,
    readyWithoutSources: true,
    drainDelayMs: 2_000,
    drainTimeoutMs: 20_000,
    workers: 1,
    limits: {
      headerBytes: 16_384,
      headers: 100,
      targetBytes: 8192,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 0,
      keepAliveTimeoutMs: 75_000,
      connections: 10_000,
      connectionsPerClient: 1000,
      requestsPerConnection: 0,
      bodyMemoryBytes: 134_217_728,
      bodyGraceMs: 60_000,
      unreadTimeoutMs: 60_000,
      eventLoopLagMs: 500,
    },
  });
  expect(rest).toEqual({
    digest: expect.stringMatching(/^[0-9a-f]{12}$/),
    authorizer: null,
    conditionNames: [],
    policies: [],
    claims: new Map(),
    records: {
      ...{ keepMs: 86_400_000, max: 10_000, perSecond: 100, allowedSample: 0.01 },
      ...{ file: null, fileSizeBytes: 64 * 1024 ** 2 },
    },
    tracing: null,
    failedAuthentications: { perClient: 1000, perKey: 100, windowMs: 600_000 },
    log: {
      level: 'info',
      access: true,
      format: 'json',
      fields: 'rolegate',
      instance: hostname(),
      slowRequestMs: Infinity,
    },
    authApi: {
      kind: 'remote',
      urls: ['http://auth:8081'],
      issuer: null,
      users: { source: 'authApi', prefix: '', foreignPrefixes: [], roles: null },
      gatewaySecret: null,
      timeoutMs: 5000,
      concurrency: 64,
      rejectedStatuses: [401],
      honorCacheControl: false,
      breaker: { failures: 5, openMs: 500 },
      paths: { session: '/api/auth/v2/session', keyPair: '/api/auth/v2/keypair' },
      headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
      tls: null,
      verified: at('verified'),
      fields: {
        session: { ...common, sessionId: at('sessionID'), alias: at('alias', true), fullName: at('fullName', true) },
        keyPair: { ...common, keyId: at('keyID'), alias: at('userAlias', true), fullName: at('userName', true) },
      },
    },
    sources: [],
    sourceRule: { bearer: 'authApi', keyPair: 'authApi', apiKey: null, certificate: null, issuers: [], sessions: [] },
    signIn: null,
    credentials: plainSources,
    cache: {
      secret: null,
      previousSecrets: [],
      acceptedMs: 30_000,
      rejectedMs: 5000,
      staleOnOutageMs: 0,
      whileDisconnectedMs: 1_000,
      refreshAhead: true,
      maxAccepted: 100_000,
      maxRejected: 10_000,
      maxBytes: 128 * 1024 * 1024,
      redis: null,
    },
    revocations: { webhookSecrets: [] },
    roles: new Map(),
    roleMapping: null,
    upstreams: new Map(),
    identityHeaders: [
      { name: 'user-id', field: 'userId' },
      { name: 'groups', field: 'groups' },
    ],
    via: { name: 'rolegate', passes: 3 },
    identityAssertion: null,
    errors: { annotate: 'failures' },
    tests: { identities: new Map(), cases: [] },
  });
});

const sourceWith = (more: string) =>
  `sources: { id: { kind: jwt, issuer: "https://id.test", audience: [orders], ${more} } }`;

test.each([
  ['log: { decisions: { file: decisions.ndjson } }', 'decisions', 'records.file'],
  ['records: { most: 100 }', 'most', 'max'],
  ['records: { oneInAllowed: 1 }', 'oneInAllowed', 'allowedSample'],
  ['conditions: { trustedHeaders: [x-cert] }', 'trustedHeaders', 'headers: { x-cert: trusted }'],
  [sourceWith('claimValues: { token_use: [access] }'), 'claimValues', 'requiredValues'],
  [sourceWith('maxAge: 1h'), 'maxAge', 'maxTokenAge'],
  [sourceWith('logout: { audience: [web], maxAge: 1m }'), 'maxAge', 'maxMessageAge'],
  [sourceWith('securityEvents: { audience: [web], maxAge: 1m }'), 'maxAge', 'maxMessageAge'],
  [`sources: { other: { kind: authApi, url: "http://o:1", paths: { keypair: /k } } }`, 'keypair', 'keyPair'],
])('%s names the key that replaces it', (text, old, key) => {
  const result = parseConfig(`${smallest}${text}\n`, { file: 'gateway.yaml', env, readSecret });
  expect(result).toMatchObject({
    problems: [{ message: `unknown key "${old}"`, hint: `use "${key}" instead` }],
  });
});

test.each([
  ['maxAge: 5s', 'maxAge', 'maxVerdictAge'],
  ['evict: { session: "{id}", keypair: "{id}" }', 'keypair', 'keyPair'],
])('%s of a route names the key that replaces it', (text, old, key) => {
  const result = parseConfig(withRoute(`access: [user], ${text}`), { file: 'gateway.yaml', env, readSecret });
  expect(result).toMatchObject({ problems: [{ message: `unknown key "${old}"`, hint: `use "${key}" instead` }] });
});

describe('sections', () => {
  test('the embedded Auth API', () => {
    const { authApi, upstreams } = parse(`version: 1
authApi:
  timeout: 1s
  embedded: { database: ":memory:", secret: "\${AUTH_SECRET}", outbox: console, lifetimes: { code: 1m } }
routes: [{ id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }]
`);
    expect(authApi).toMatchObject({
      kind: 'embedded',
      timeoutMs: 1000,
      embedded: { database: ':memory:', secret: env['AUTH_SECRET'], outbox: 'console', codeLifetimeMs: 60_000 },
    });
    expect(upstreams.has('auth-api')).toBe(false);
  });

  test('a remote Auth API: paths, headers and fields', () => {
    const { authApi } = parse(`version: 1
authApi:
  url: https://login.example.test
  paths: { session: /me, keyPair: /keys/me }
  headers: { apiKey: X-Key, apiSecret: X-Secret }
  fields: { userId: user.id, groups: false, expireAt: null, alias: user.nick, fullName: { keyPair: false } }
routes: []
`);
    expect(authApi?.headers).toEqual({ apiKey: 'x-key', apiSecret: 'x-secret' });
    expect(authApi?.paths).toEqual({ session: '/me', keyPair: '/keys/me' });
    expect(authApi?.fields).toMatchObject({
      session: { userId: at('user.id'), groups: null, expireAt: null, alias: at('user.nick', true) },
      keyPair: { userId: at('user.id'), groups: null, expireAt: null, fullName: null },
    });
  });

  test('several URLs of the Auth API, and how long verdicts are cached', () => {
    const text = `version: 1
authApi: { url: ["http://auth-1:8081/", "http://auth-2:8081"], honorCacheControl: true }
cache: { refreshAhead: false, maxBytes: 16mb }
routes: [{ id: a, match: { path: "/a/**" }, upstream: auth-api, access: public }]
`;
    const { authApi, cache, upstreams } = parse(text);
    const urls = ['http://auth-1:8081', 'http://auth-2:8081'];
    expect(authApi).toMatchObject({ kind: 'remote', urls, honorCacheControl: true });
    expect(cache).toMatchObject({ refreshAhead: false, maxBytes: 16 * 1024 * 1024 });
    expect(upstreams.get('auth-api')?.targets).toEqual(urls);
  });

  test('a route to a remote Auth API creates an upstream for it', () => {
    const text = smallest.replace('[]', '[{ id: a, match: { path: "/a/**" }, upstream: auth-api, access: public }]');
    expect(parse(text).upstreams.get('auth-api')).toMatchObject({ name: 'auth-api', targets: ['http://auth:8081'] });
  });

  test('Redis, and secrets from variables and files', () => {
    expect(
      parse(`${smallest}cache: { secret: "\${CACHE_SECRET}", redis: { url: "\${REDIS_URL}", timeout: 20ms } }`).cache,
    ).toMatchObject({
      secret: env['CACHE_SECRET'],
      redis: {
        servers: { kind: 'single', host: 'redis.example.test', port: 6380, database: 1 },
        username: 'ann',
        password: 'opensesame',
        tls: { ca: null, cert: null, key: null, serverName: null },
        keyPrefix: 'rolegate:',
        commandTimeoutMs: 20,
      },
    });
    expect(
      parse(`${smallest}cache: { secret: { file: /run/secrets/cache }, redis: { url: { file: /run/secrets/redis } } }`)
        .cache,
    ).toMatchObject({
      secret: 'file-0123456789abcdef0123456789abcdef',
      redis: { servers: { host: 'redis', port: 6379, database: 0 }, username: null, password: 'opensesame', tls: null },
    });
  });

  test("the operators' token, and the headers that carry it", () => {
    const serverOf = (keys: string) => parse(`${smallest}server: { ${keys} }`).server;
    const tokenOf = (keys: string) =>
      serverOf(keys)
        .adminTokens.map(({ token }) => token)
        .join();
    expect(tokenOf(`adminToken: "\${ROLEGATE_ADMIN_TOKEN}"`)).toBe(env['ROLEGATE_ADMIN_TOKEN']);
    expect(tokenOf('adminToken: { file: /run/secrets/admin }')).toBe('token-0123456789abcdef0123456789abcdef');
    expect(tokenOf(`adminToken: ${'a'.repeat(31)}=`)).toBe(`${'a'.repeat(31)}=`);
    expect(serverOf('adminHosts: [GATE.example.test., gate2]').adminHosts).toEqual(['gate.example.test', 'gate2']);
  });

  test.each([
    ['a space inside', `"${'a'.repeat(20)} ${'a'.repeat(20)}"`],
    ['a letter beyond ASCII', 'ä'.repeat(40)],
    ['padding inside', `"${'a'.repeat(20)}=${'a'.repeat(20)}"`],
    ['more than a header can carry', 'a'.repeat(4097)],
  ])('refuses a token that no request can carry: %s', (_, written) => {
    const message = '4: this secret cannot be sent as a bearer';
    expect(problemsOf(`${smallest}server: { adminToken: ${written} }`)).toEqual([message]);
  });

  test('an empty secret file is a problem at the file reference', () => {
    expect(problemsOf(`${smallest}cache: { secret: { file: /run/secrets/empty } }`)).toEqual([
      '4: the secret file is empty',
    ]);
  });

  test('upstreams and health', () => {
    const { upstreams } = parse(`${smallest}upstreams:
  a: { targets: ["http://a:1/"], health: /live }
  b: { targets: ["http://b:1", "http://b:2"], health: { path: /ok, interval: 1s, timeout: 100ms }, connections: 5 }
  c: { targets: ["https://c"], connectTimeout: 1s, requestsPerClient: 7, queue: { length: 0, wait: 1s } }
`);
    expect([...upstreams.values()]).toEqual([
      {
        name: 'a',
        targets: ['http://a:1'],
        health: { path: '/live', intervalMs: 10_000, timeoutMs: 2000 },
        connections: 256,
        connectTimeoutMs: 2000,
        requestsPerClient: 128,
        streams: 4096,
        streamsPerClient: 1024,
        bufferChunkedBodies: false,
        queue: { length: 1000, waitMs: 5000 },
        gatewaySecret: null,
        proxyProtocol: null,
        tls: null,
        host: 'keep',
      },
      {
        name: 'b',
        targets: ['http://b:1', 'http://b:2'],
        health: { path: '/ok', intervalMs: 1000, timeoutMs: 100 },
        connections: 5,
        connectTimeoutMs: 2000,
        requestsPerClient: 3,
        streams: 4096,
        streamsPerClient: 1024,
        bufferChunkedBodies: false,
        queue: { length: 1000, waitMs: 5000 },
        gatewaySecret: null,
        proxyProtocol: null,
        tls: null,
        host: 'keep',
      },
      {
        name: 'c',
        targets: ['https://c'],
        health: null,
        connections: 256,
        connectTimeoutMs: 1000,
        requestsPerClient: 7,
        streams: 4096,
        streamsPerClient: 1024,
        bufferChunkedBodies: false,
        queue: { length: 0, waitMs: 1000 },
        gatewaySecret: null,
        proxyProtocol: null,
        tls: null,
        host: 'keep',
      },
    ]);
  });

  test('the secret shared with the Auth API is sent only to the Auth API', () => {
    const { authApi, upstreams } = parse(`version: 1
authApi: { url: ["http://auth-1:1", "http://auth-2:2"], gatewaySecret: "\${ROLEGATE_GATEWAY_SECRET}" }
upstreams:
  accounts: { targets: ["http://auth-2:2"] }
  mixed: { targets: ["http://auth-1:1", "http://orders:1"] }
  orders: { targets: ["http://orders:1"] }
routes: [{ id: a, match: { path: "/a/**" }, upstream: auth-api, access: public }]
`);
    const secret = env['ROLEGATE_GATEWAY_SECRET'];
    expect(authApi).toMatchObject({ gatewaySecret: secret });
    expect(Object.fromEntries([...upstreams].map(([name, { gatewaySecret }]) => [name, gatewaySecret]))).toEqual({
      accounts: secret,
      mixed: null,
      orders: null,
      'auth-api': secret,
    });
  });

  test('lower-cases header names, compiles proxies, and disables the admin port', () => {
    const { server, identityHeaders, credentials } = parse(`${smallest}
server: { admin: false, trustedProxies: ["10.0.0.0/8"] }
identityHeaders: { X-User: userId }
credentials: { keyPair: { apiKeyHeader: X-Key }, bearerCookie: __Host-session, websocketProtocol: rolegate.bearer }
`);
    expect(server.admin).toBeNull();
    expect(server.trustedProxies('::ffff:10.1.2.3')).toBe(true);
    expect(identityHeaders).toEqual([{ name: 'x-user', field: 'userId' }]);
    expect(credentials).toEqual({
      ...plainSources,
      keyPair: { ...keyPairSettings, apiKeyHeader: 'x-key' },
      bearerCookie: '__Host-session',
      websocketProtocol: 'rolegate.bearer',
    });
  });

  test('roles may be named like object properties', () => {
    const { roles } = parse(`${smallest}roles: { toString: {}, valueOf: { inherits: [toString] } }\n`);
    expect([...roles]).toEqual([
      ['toString', []],
      ['valueOf', ['toString']],
    ]);
  });
});

describe('routes', () => {
  test('their defaults', () => {
    expect(routeOf('access: [user]')).toMatchObject({
      id: 'x',
      index: 0,
      methods: null,
      tolerates: 0,
      maxVerdictAgeMs: null,
      maxVerdictAgeMsByMethod: null,
      upstream: 'orders',
      timeoutMs: 60_000,
      maxBodyBytes: Infinity,
      rewrite: null,
      forwardCredentials: false,
      websocket: false,
      bodyBufferBytes: 65_536,
      bodyRate: 500,
      recheckMs: 60_000,
      evict: null,
    });
  });

  test('defaults of the file apply where a route sets nothing', () => {
    const text = `${withRoute('maxBody: 1mb')}defaults: { access: public, timeout: 1m, maxBody: 5kb }\n`;
    const route = parse(text).routes.routes[0];
    expect(route).toMatchObject({ timeoutMs: 60_000, maxBodyBytes: 1_048_576, access: { every: { kind: 'public' } } });
  });

  test('defaults for bodies and streams apply too, unless a route overrides them', () => {
    const defaults = 'defaults: { access: public, bodyBuffer: 1kb, bodyRate: 2kb, streams: { recheck: 5s } }\n';
    const of = (keys: string) => parse(withRoute(keys) + defaults).routes.routes[0];
    expect(of('maxBody: 1mb')).toMatchObject({ bodyBufferBytes: 1024, bodyRate: 2048, recheckMs: 5000 });
    expect(of('bodyBuffer: 0b, bodyRate: 0b, streams: { recheck: 0s }')).toMatchObject({
      bodyBufferBytes: 0,
      bodyRate: 0,
      recheckMs: 0,
    });
  });

  test.each([
    ['server: { limits: { connectionsPerClient: -1 } }', 'connectionsPerClient'],
    ['server: { limits: { bodyMemory: 1kb } }', '65536'],
    ['server: { limits: { bodyGrace: 1ms } }', '100ms'],
    ['credentials: { websocketProtocol: "a b" }', 'subprotocol'],
    ['credentials: { websocketProtocol: true }', 'subprotocol'],
    ['defaults: { streams: { recheck: often } }', 'duration'],
  ])('refuses a limit that makes no sense: %s', (line, word) => {
    const problems = problemsOf(`${smallest}${line}\n`);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).toContain(word === 'connectionsPerClient' ? 'expected' : word);
  });

  test('a route without a rule is closed', () => {
    expect(routeOf('').access.every).toEqual({ kind: 'deny' });
  });

  test.each([
    ['public', { kind: 'public' }],
    ['optional', { kind: 'optional' }],
    ['authenticated', { kind: 'authenticated' }],
    ['deny', { kind: 'deny' }],
    [`"\${WORD}"`, { kind: 'public' }],
    ['[user]', { kind: 'roles', demand: { kind: 'holds', roles: new Set(['user', 'reporter', 'admin']) } }],
    ['{ none: [suspended] }', { kind: 'roles', demand: { kind: 'lacks', roles: new Set(['suspended']) } }],
    [
      '{ all: [admin], none: [suspended] }',
      {
        kind: 'roles',
        demand: {
          kind: 'all',
          parts: [
            { kind: 'lacks', roles: new Set(['suspended']) },
            { kind: 'holds', roles: new Set(['admin']) },
          ],
        },
      },
    ],
  ])('access: %s', (written, rule) => {
    const text = withRoute(`access: ${written}`);
    expect(parse(text, { ...env, WORD: 'public' }).routes.routes[0]!.access.every).toMatchObject(rule);
  });

  test('compiles rules by method, several methods in one key', () => {
    const { every, byMethod } = routeOf(
      'access: { GET: public, "PUT , PATCH": [reporter], DELETE: { all: [admin] } }',
    ).access;
    expect(every).toBeNull();
    expect([...byMethod].map(([method, { kind }]) => `${method} ${kind}`)).toEqual([
      'GET public',
      'PUT roles',
      'PATCH roles',
      'DELETE roles',
    ]);
  });

  test.each([
    ['access: public', true],
    ['access: { GET: public, POST: public }', true],
    ['access: { GET: public, POST: [user] }', false],
    ['access: optional', false],
    ['access: deny', false],
    ['access: [user], forwardCredentials: true', true],
    ['access: public, forwardCredentials: false', false],
  ])('%s: credentials are forwarded: %s', (keys, forwarded) => {
    expect(routeOf(keys).forwardCredentials).toBe(forwarded);
  });

  test.each([
    ['{ stripPrefix: /v1 }', { stripPrefix: '/v1', addPrefix: '' }],
    ['{ addPrefix: /a/b }', { stripPrefix: '', addPrefix: '/a/b' }],
    ['{ stripPrefix: /v1/x, addPrefix: /y }', { stripPrefix: '/v1/x', addPrefix: '/y' }],
  ])('rewrite: %s', (written, rewrite) => {
    expect(routeOf(`rewrite: ${written}`, '/v1/x/{id}').rewrite).toEqual(rewrite);
  });

  test('compiles tolerated spellings, ages, methods and upgrades', () => {
    expect(
      routeOf('access: [user], path: { encodedSlash: keep, doubleEncoding: keep }, maxVerdictAge: 0s, websocket: true'),
    ).toMatchObject({ tolerates: 5, maxVerdictAgeMs: 0, websocket: true });
    expect(routeOf('access: [user], maxVerdictAge: { GET: 60s, "PUT, PATCH": 0s, "*": 5s }')).toMatchObject({
      maxVerdictAgeMs: 5_000,
      maxVerdictAgeMsByMethod: new Map(Object.entries({ GET: 60_000, PUT: 0, PATCH: 0 })),
    });
  });

  test('compiles what a successful call revokes', () => {
    const written = 'access: [user], evict: { session: "{id}", user: "{identity.userId}" }';
    expect(routeOf(written).evict).toEqual([
      { kind: 'session', from: { param: 'id', source: 'authApi' } },
      { kind: 'user', from: { identity: 'userId' } },
    ]);
  });

  test('the route table finds them', () => {
    const { routes } = parse(withRoute('access: public'));
    expect(routes.anyHost.literals.get('x')?.param?.leaf?.alone?.id).toBe('x');
  });
});

describe('variables', () => {
  test('a value cannot inject YAML', () => {
    expect(problemsOf(`${smallest}identityHeaders: { x: "\${INJECTION}" }`)).toHaveLength(1);
    expect(parse(`${smallest}server: { listen: "\${LISTEN}" }`).server.listeners).toEqual([
      plainListener({ host: '', port: 7070 }),
    ]);
  });

  test('numbers and booleans may come from variables', () => {
    const { server, log } = parse(
      `${smallest}server: { limits: { headers: "\${COUNT}" } }\nlog: { access: "\${NO:-false}" }\n`,
    );
    expect(server.limits.headers).toBe(55);
    expect(log.access).toBe(false);
  });

  test('a problem never repeats a value that comes from a variable, however short', () => {
    const upstream = `upstream: "\${ROLE}"`;
    for (const [keys, count] of [
      [`access: ["\${ROLE}"], websocket: "\${ROLE}"`, 1],
      [`access: ["\${ROLE}"]`, 2],
    ] as const) {
      const text = withRoute(keys).replace('upstream: orders', upstream);
      const result = parseConfig(text, { file: 'f', env: { ROLE: 'zq' }, readSecret });
      if (result.ok) throw new Error('this file should have problems');
      expect(result.problems).toHaveLength(count);
      expect(JSON.stringify(result.problems)).not.toContain('zq');
    }
  });
});

test('reports all problems of shape at once, in file order; if there are none, all of meaning', () => {
  const text = (listen: string, timeout: string, limit: string, access: string) => `version: 1
server: { listen: ${listen} }
authApi: { url: "http://auth:8081", ${timeout}: 2s }
roles: { user: { inherits: [usr] } }
routes:
  - { id: a, match: { path: "/a" }, upstream: a, access: [admin], timeout: ${limit} }
  - { id: a, match: { path: "/a" }, upstream: auth-api, access: ${access} }
`;
  expect(problemsOf(text('nowhere', 'tiemout', 'soon', '[]'))).toEqual([
    '2: expected an address to listen on, such as ":8080", "127.0.0.1:9090" or "[::1]:80", or false',
    '3: unknown key "tiemout"',
    '6: expected a duration with a unit, such as 500ms, 5s, 2m or 1h',
    '7: an empty list of roles',
  ]);
  expect(problemsOf(text('":8080"', 'timeout', '5s', '[user]'))).toEqual([
    '4: the role "usr" is not declared under "roles"',
    '6: there is no upstream "a"',
    '6: the role "admin" is not declared under "roles"',
    '7: the id "a" is taken by the route of line 6',
    '7: this route and "a" (line 6) both match GET http://any.example/a',
  ]);
});

describe('a value that several routes repeat verbatim', () => {
  const route = (id: string, keys: string, dash = '- id') => `  ${dash}: ${id}
    match: { path: "/${id}/{name}" }
    upstream: orders
${keys}`;
  const file = (...routes: string[]) => `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
${routes.join('')}`;
  const places = (text: string) => {
    const result = parseConfig(text, { file: 'gateway.yaml', env, readSecret });
    return result.ok ? [] : result.problems.map(({ line, column, message }) => ({ at: `${line}:${column}`, message }));
  };
  const good = '    access:\n      GET: [user]\n';

  test.each([
    ['a rule that does not parse', '    access:\n      GET: ["x y"]\n', '"x y"'],
    ['a role that is not declared', '    access:\n      GET: [usre]\n', 'usre'],
    ['a condition', '    when:\n      - { reason: late, param: nam, equals: x }\n', 'nam,'],
    ['a list with the indentation of its key', '    when:\n    - { reason: late, param: nam, equals: x }\n', 'nam,'],
    ['response headers', '    responseHeaders: { set: { x-error: "1" } }\n', 'x-error'],
    ['origins', '    cors: { origins: [] }\n', '[]'],
  ])('is reported in each of them, at its own place: %s', (_, bad, wrong) => {
    for (const dash of ['- id', '-\n    id', '- # note\n    id']) {
      const text = file(
        route('a', good),
        route('b', bad, dash),
        route('c', bad, dash),
        route('d', bad),
        route('e', good),
      );
      const expected = text.split('\n').flatMap((line, index) => {
        const column = line.indexOf(wrong);
        return column < 0 ? [] : [`${index + 1}:${column + 1}`];
      });
      const found = places(text);
      expect(expected).toHaveLength(3);
      expect(found.map(({ at }) => at)).toEqual(expected);
      expect(new Set(found.map(({ message }) => message)).size).toBe(1);
    }
  });

  test('has its own location in a valid file', () => {
    const text = file(route('a', good, '-\n    id'), route('b', good, '-\n    id'), route('c', good));
    const result = parseConfig(text, { file: 'gateway.yaml', env, readSecret });
    if (!result.ok) throw new Error('not read');
    const at = (index: number) => result.places.problemAt({ kind: 'route', index, key: ['access'] }, '', null).line;
    expect([0, 1, 2].map(at)).toEqual([11, 17, 22]);
  });
});

test('the configuration is deeply frozen', () => {
  const config = parse(withRoute('access: [user]'));
  const route = config.routes.routes[0]!;
  for (const part of [config, config.server.limits, config.routes, route, route.pattern.segments, route.access]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(() => Object.assign(config.server, { admin: null })).toThrow(TypeError);
});

test('the result does not depend on files parsed before', () => {
  const text = withRoute('access: [user]');
  expect(parse(text).routes.routes).toEqual(parse(text).routes.routes);
});

test('a long route with a problem on every line is not parsed again for each problem', () => {
  const params = Array.from({ length: 32 }, (_, n) => `          - param: p${n}\n            equals: "x"\n`);
  const criteria = Array.from({ length: 32 }, (_, n) => `      - reason: r${n}\n        any:\n${params.join('')}`);
  const head = withRoute('access: [user]').replace(/routes:.*\n/, 'routes:\n');
  const route = '  - id: x\n    match: { path: "/x/{id}" }\n    upstream: orders\n    access: [user]\n    when:\n';
  const took = cpuMs(() => {
    const problems = problemsOf(head + route + criteria.join(''));
    expect(problems).toContain('2121: "match.path" has no parameter "p31"');
    expect(problems).toHaveLength(32 * 32);
  });
  expect(took).toBeLessThan(6000);
});

test.each([
  ['1', 1],
  ['4', 4],
  ['"2"', 2],
  ['auto', 'auto'],
])('server.workers: %s', (written, workers) => {
  expect(parse(`${smallest}server: { workers: ${written} }\n`).server.workers).toBe(workers);
});

test.each(['0', '257', '1.5', 'all', 'true'])('server.workers: refuses %s', (written) => {
  expect(problemsOf(`${smallest}server: { workers: ${written} }\n`)).toEqual([
    '4: expected a whole number from 1 to 256, or auto',
  ]);
});
