/** Whatever a source sends or does not send, the result is neither an identity nor an unintended rejection. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { SourceConfig } from '../../../../src/config/source-config.ts';
import type { Credential } from '../../../../src/core/credential/credential.ts';
import { startTokenIssuer } from '../../../support/token-issuer.ts';
import { authApiAt, introspectionAt, jwtOf, type MadeSource, makeSource, userinfoAt } from './made-sources.ts';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => Promise<void>)[] = [];
const issuer = await startTokenIssuer();
/** Counts requests to a place that no configuration contains. */
const elsewhere = await startServer();

interface Server {
  readonly origin: string;
  readonly requests: IncomingMessage[];
  respond: Respond;
  close(): Promise<void>;
}

async function startServer(): Promise<Server> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    made.respond(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const made: Server = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respond: (_, response) => response.end(),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return made;
}

afterAll(async () => {
  await issuer.close();
  await elsewhere.close();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

interface Kind {
  readonly name: string;
  at(origin: string, changes?: object): SourceConfig;
  credential(): Promise<Credential> | Credential;
  /** Of a valid response. */
  good(): object;
  /** JSON with wrong types in the essential fields. */
  readonly wrong: object;
  /** The meaning of a response that is not in time. */
  readonly late: string;
  /** The meaning of statuses other than outages. */
  readonly statuses: Readonly<Record<number, string>>;
}

const opaque = (): Credential => ({ kind: 'bearer', token: 'an-opaque-token' });
const claims = { sub: 'ann', roles: ['user'] };

/** Placed before a valid response; parsers would take the first or the last one. */
const twice = ['sub', 'active', 'keys'].flatMap(
  (name) =>
    [
      [`${name} after spaces`, `"${name}"${' \t\n'.repeat(12)}:[],"${name}":null`],
      [`${name} with escapes`, `"${name}":[],"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":null`],
      [`${name} deep inside`, `"more":[{"a":{"${name}":1,"b":"}\\\\","${name}":2}}]`],
    ] as const,
);

const kinds: readonly Kind[] = [
  {
    name: 'authApi',
    at: authApiAt,
    credential: opaque,
    good: () => claims,
    wrong: { sub: 7, roles: ['user'] },
    late: 'auth_timeout',
    statuses: { 401: 'credential_rejected', 429: 'auth_throttled' },
  },
  {
    name: 'introspection',
    at: introspectionAt,
    credential: opaque,
    good: () => ({ active: true, ...claims }),
    wrong: { active: 'true', ...claims },
    late: 'auth_timeout',
    statuses: { 429: 'auth_throttled' },
  },
  {
    name: 'userinfo',
    at: userinfoAt,
    credential: opaque,
    good: () => claims,
    wrong: { sub: 'ann', roles: 'admin' },
    late: 'auth_timeout',
    statuses: { 401: 'credential_rejected', 429: 'auth_throttled' },
  },
  {
    name: 'jwt',
    at: (origin, changes) => jwtOf(issuer.issuer, { keys: { from: 'jwks', url: `${origin}/jwks` }, ...changes }),
    credential: async () => ({ kind: 'bearer', token: await issuer.token() }),
    good: () => ({ keys: issuer.keys }),
    wrong: { keys: { kty: 'EC' } },
    late: 'auth_unavailable',
    statuses: {},
  },
];

describe.each(kinds)('$name', (kind) => {
  async function start(respond: Respond, changes: object = {}): Promise<{ source: MadeSource; server: Server }> {
    const server = await startServer();
    server.respond = respond;
    const source = makeSource(kind.at(server.origin, changes));
    closing.push(server.close, source.close);
    return { source, server };
  }

  it('accepts a valid response', async () => {
    const { source } = await start(json(kind.good()));
    expect(await source.check(await kind.credential())).toMatchObject({
      identity: { userId: 'ann', roles: ['user'], source: 'one' },
      failure: null,
      outage: false,
    });
    expect(await source.status()).toMatchObject([{ name: 'one', reachable: true, failures: [] }]);
  });

  const broken: [string, Respond, string, string][] = [
    ['another content type', json(kind.good(), 200, { 'content-type': 'text/html' }), 'auth_response_invalid', 'body'],
    [
      'not JSON',
      (_, to) => to.setHeader('content-type', 'application/json').end('{"sub":'),
      'auth_response_invalid',
      'body',
    ],
    ...twice.map(([how, name]): (typeof broken)[number] => {
      const text = JSON.stringify(kind.good()).replace('{', `{${name},`);
      const respond: Respond = (_, to) => to.setHeader('content-type', 'application/json').end(text);
      return [`a name twice, ${how}`, respond, 'auth_response_invalid', 'body'];
    }),
    ['a body that is too large', json({ ...kind.good(), filler: 'x'.repeat(70_000) }), 'auth_response_invalid', 'body'],
    ['an endless body', endless, 'auth_response_invalid', 'body'],
    ['a list', json([kind.good()]), 'auth_response_invalid', ''],
    ['null', json(null), 'auth_response_invalid', ''],
    ['an empty object', json({}), 'auth_response_invalid', 'field'],
    ['fields of the wrong type', json(kind.wrong), 'auth_response_invalid', 'field'],
    ['a compressed body', json(kind.good(), 200, { 'content-encoding': 'br' }), 'auth_response_invalid', 'body'],
    ['another 2xx', json(kind.good(), 203), 'auth_unavailable', 'status'],
    ['403', json(kind.good(), 403), 'auth_unavailable', 'status'],
    ['404', json(kind.good(), 404), 'auth_unavailable', 'status'],
    ['500', json(kind.good(), 500), 'auth_unavailable', 'status'],
    ['503', json(kind.good(), 503), 'auth_unavailable', 'status'],
    ['a broken connection', (_, to) => to.destroy(), 'auth_unavailable', 'connection'],
    ['half a body', half, 'auth_unavailable', 'connection'],
  ];

  it.each(broken)('counts as no result: %s', async (_, respond, reason, failure) => {
    const { source, server } = await start(respond);
    const credential = await kind.credential();
    const result = await source.check(credential);
    // Without parsable keys, there is no result for the token.
    const expected = kind.name === 'jwt' ? 'auth_unavailable' : reason;
    expect(result).toMatchObject({ identity: null, reason: expected, failure: { source: 'one' } });
    if (failure !== '') expect(result.failure?.kind).toBe(failure);
    expect(result.failure?.url).toContain(server.origin);
    expect(JSON.stringify(result)).not.toContain('token' in credential ? credential.token : '');
    expect((await source.status())[0]?.failures).toMatchObject([{ kind: result.failure?.kind }]);
  });

  it.each([401, 429])('interprets %i', async (status) => {
    const { source } = await start(json({}, status, { 'retry-after': '7' }));
    const result = await source.check(await kind.credential());
    const reason = kind.statuses[status] ?? 'auth_unavailable';
    expect(result).toMatchObject({ identity: null, reason });
    if (reason === 'auth_throttled') expect(result).toMatchObject({ retryAfterS: 7 });
  });

  it('counts a late response as an outage', async () => {
    const { source } = await start(() => {}, { timeoutMs: 100 });
    expect(await source.check(await kind.credential())).toMatchObject({
      reason: kind.late,
      failure: { kind: 'timeout' },
      outage: true,
    });
  });

  it('counts a closed port as an outage', async () => {
    const { source, server } = await start(json(kind.good()));
    await server.close();
    closing.shift();
    expect(await source.check(await kind.credential())).toMatchObject({
      reason: 'auth_unavailable',
      failure: { kind: 'connection', detail: 'ECONNREFUSED' },
      outage: true,
    });
    expect(await source.status()).toMatchObject([{ reachable: false }]);
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    elsewhere.respond = json(kind.good());
    const before = elsewhere.requests.length;
    const { source } = await start((_, to) => to.writeHead(status, { location: `${elsewhere.origin}/jwks` }).end());
    expect(await source.check(await kind.credential())).toMatchObject({
      reason: 'auth_unavailable',
      failure: { kind: 'status', detail: `status ${status}` },
    });
    expect(elsewhere.requests.length).toBe(before);
  });

  it('keeps no cookie', async () => {
    const { source, server } = await start(json({}, 500, { 'set-cookie': 'a=b' }));
    await source.check(await kind.credential());
    await source.check(await kind.credential());
    expect(server.requests.length).toBeGreaterThan(0);
    for (const { headers } of server.requests) expect(headers.cookie).toBeUndefined();
  });

  it('retries on a new connection when an idle one was closed', async () => {
    let served = 0;
    const { source } = await start((request, response) => {
      served += 1;
      // The second request on a connection finds it closed.
      if (served === 2) request.socket.destroy();
      else json(kind.good())(request, response);
    });
    expect((await source.check(await kind.credential())).identity).not.toBeNull();
    expect((await source.check(await kind.credential())).identity).not.toBeNull();
  });
});

function endless(_: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(8_192)));
  };
  response.on('drain', more);
  response.on('error', () => {});
  more();
}

function half(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"sub":', () => response.destroy());
}
